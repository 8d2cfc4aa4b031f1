"""What the Python stories share: steps, their names and checks. Knows nothing of SOAP."""

import json
import os
import sys
import traceback
import urllib.request
from contextlib import contextmanager

URL = os.environ["ENVOI_URL"]
USER = os.environ["ENVOI_USER"]
PASSWORD = os.environ["ENVOI_PASSWORD"]
CLIENT_ID = os.environ["ENVOI_CLIENT_ID"]
CLIENT_SECRET = os.environ["ENVOI_CLIENT_SECRET"]
ACCOUNT = os.environ["ENVOI_ACCOUNT"]
KEY = os.environ["STORY_KEY"]

ALREADY = "The subscriber is already on the list"
UNKNOWN_TYPE = (
    "Error: Unable to find a handler for object type: Nonsense. Object types are case-sensitive, check spelling."
)

failed = []


@contextmanager
def step(name, on_failure=None):
    """One step of the story: prints its line, and goes on after a failure."""
    try:
        yield
    except Exception as error:  # any failure fails the step, not the story
        failed.append(name)
        why = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"FAIL {name} {why[:600]}", flush=True)
        if on_failure:
            on_failure()
        elif os.environ.get("STORY_TRACE"):
            traceback.print_exc()
    else:
        print(f"ok {name}", flush=True)


def without(name, why):
    """A step that this client has no call for."""
    print(f"n/a {name} {why}", flush=True)


def end():
    """The exit code: whether every step held."""
    sys.exit(1 if failed else 0)


def same(got, want, what="value"):
    """Fails the step when two values differ."""
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def check(held, what):
    """Fails the step when a condition does not hold."""
    if not held:
        raise AssertionError(what)


def token():
    """An access token from POST /v2/token, and the SOAP URL that came with it."""
    body = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "account_id": ACCOUNT,
    }
    request = urllib.request.Request(
        URL + "/v2/token", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        got = json.load(answer)
    check(got["soap_instance_url"].endswith("/"), f"soap_instance_url ends in /: {got}")
    check(got["expires_in"] > 300, f"expires_in over five minutes: {got}")
    same(got["token_type"], "Bearer", "token_type")
    return got["access_token"], got["soap_instance_url"] + "Service.asmx"
