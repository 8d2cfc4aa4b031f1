"""Verifies callbacks and counts each once. See README.md beside it."""
import base64, hashlib, hmac, os, sys, time

TOLERANCE = 5 * 60


def key(secret):
    return base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()


def receive(headers, body, secret, seen, now):
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now - int(timestamp)) > TOLERANCE:
        return "refused"
    signed = b".".join([id.encode(), timestamp.encode(), body])
    expected = "v1," + base64.b64encode(hmac.new(key(secret), signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
        return "refused"
    if id in seen:
        return "again"
    seen.add(id)
    return "new"


if __name__ == "__main__":
    files, now, seen = sys.argv[1:], time.time(), set()
    if files[:1] == ["--now"]:
        now, files = float(files[1]), files[2:]
    for name in files:
        head, _, body = open(name, "rb").read().partition(b"\n\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\n"))
        print(receive(headers, body, os.environ["CALLBACK_SECRET"], seen, now))
