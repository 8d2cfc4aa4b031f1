"""The simulators against themselves: what they take, what they refuse and with which code, and how they misbehave.

Run by tests/connectors.rs; prints one line for each simulator, and ends with 1 at the first thing that is wrong.
"""

import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import rsa
from serving import signature, table

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = 1790000000
UUID = "11111111-2222-4333-8444-555555555555"


class Running:
    def __init__(self, name, settings, now=1000):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", "import sys, runpy; sys.path.insert(0, %r); sys.argv = %r; "
             "runpy.run_path(%r, run_name='__main__')" % (HERE, [name, json.dumps({"now": now, "settings": settings})],
                                                          os.path.join(HERE, name + ".py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = json.loads(self.process.stdout.readline())
        self.port, self.control_port = ports["port"], ports["control"]

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def order(self, **order):
        return self.over(self.control_port, "POST", "/_control", json.dumps(order).encode(), {})[1]

    def log(self, count=0):
        return self.over(self.control_port, "GET", "/_log?count=%d" % count, b"", {})[1]

    def call(self, method, path, value=None, headers=None, body=None):
        headers = dict(headers or {})
        if value is not None:
            body = json.dumps(value).encode()
            headers.setdefault("Content-Type", "application/json")
        return self.over(self.port, method, path, body or b"", headers)

    @staticmethod
    def over(port, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, body or None, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        try:
            return reply.status, json.loads(text)
        except ValueError:
            return reply.status, text


def equal(got, wanted, what):
    assert got == wanted, "%s: %r, not %r" % (what, got, wanted)


def without(value, name):
    return {key: each for key, each in value.items() if key != name}


def misbehaves(system, send):
    """Every kind of fault; `send()` sends a good request."""
    system.order(faults=[{"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}])
    equal(send()[0], 429, "status")
    for kind in ("cut_before", "cut_body", "cut_after", "cut_answer"):
        system.order(faults=[{"kind": kind}])
        try:
            send()
        except (http.client.HTTPException, OSError):
            continue
        raise AssertionError(kind + " was answered")
    system.order(faults=[{"kind": "type", "type": "text/html", "body": "<p>no</p>"}])
    equal(send(), (200, b"<p>no</p>"), "type")
    system.order(faults=[{"kind": "long", "bytes": 100000}])
    equal(len(send()[1]["filling"]), 100000, "long")
    before = len(system.log())
    system.order(faults=[{"kind": "hold"}])
    got = []
    sender = threading.Thread(target=lambda: got.append(send()))
    sender.start()
    assert system.log(before + 1)[-1]["accepted"], "a held request was not taken"
    equal(got, [], "hold")
    system.order(release=True)
    sender.join(60)
    assert got and got[0][0] < 300, got
    system.order(refuse=True)
    try:
        send()
        raise AssertionError("refuse was answered")
    except OSError:
        pass
    system.order(refuse=False)
    assert send()[0] < 300, "not listening again"
    kinds = [entry["fault"] for entry in system.log()]
    for kind in ("status", "cut_before", "cut_body", "cut_after", "cut_answer", "type", "long", "hold"):
        assert kind in kinds, kind + " is not in the log"


def connectly():
    settings = {"business": "b1", "api_key": "k1", "templates": {"hello en": ["body_1"]}, "closed": ["+4915100000002"],
                "silent": ["+4915100000003"], "opted_out": ["+4915100000004"], "webhook_secret": "s"}
    system = Running("connectly", settings)
    key = {"X-API-Key": "k1"}
    path = "/v1/businesses/b1/send/messages"
    good = {"recipient": {"id": "+4915100000001", "channelType": "whatsapp"}, "message": {"text": "hi"},
            "sender": {"id": "+15550001111", "channelType": "whatsapp"}, "callbackData": {"key": "a"}}
    status, value = system.call("POST", path, good, key)
    equal((status, len(value["id"])), (201, 26), "a good message")
    entry = system.log()[-1]
    equal((entry["accepted"], entry["violations"], entry["duplicate"], entry["id"]), (True, [], False, value["id"]), "the log")
    equal(system.call("POST", path, good, key)[0], 201, "again")
    assert system.log()[-1]["duplicate"], "the duplicate was not seen"

    def refused(code, value, headers=key, path=path, method="POST"):
        status, got = system.call(method, path, value, headers)
        what = got["type"] if got["code"] == "ERROR_CODE_UNSPECIFIED" else got["code"]
        equal(what, code, json.dumps(value))
        assert status >= 400 and not system.log()[-1]["accepted"]

    to = good["recipient"]
    refused("ERROR_TYPE_AUTHENTICATION", good, {})
    refused("ERROR_TYPE_AUTHENTICATION", good, {"X-API-Key": "k2"})
    refused("ERROR_TYPE_AUTHORIZATION", good, path="/v1/businesses/b2/send/messages")
    refused("ERROR_TYPE_NOT_FOUND", good, path="/v1/businesses/b1/send/message")
    refused("ERROR_TYPE_INVALID_REQUEST", {**good, "more": 1})
    refused("ERROR_TYPE_INVALID_REQUEST", without(good, "message"))
    refused("ERROR_TYPE_INVALID_REQUEST", {**good, "message": {"text": "a", "location": {}}})
    refused("ERROR_CODE_MESSAGE_TEXT_EMPTY", {**good, "message": {"text": ""}})
    refused("ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID", {**good, "message": {"attachments": [{}, {}]}})
    refused("ERROR_CODE_PHONE_NUMBER_BAD_FORMAT", {**good, "recipient": {**to, "id": "0151 1"}})
    refused("ERROR_CODE_MESSAGE_SELF_INVALID", {**good, "recipient": {**to, "id": "+15550001111"}})
    refused("ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL", {**good, "recipient": {**to, "channelType": "sms"}})
    refused("ERROR_CODE_INVALID_SENDER_ID", {**good, "sender": {"id": "+1555", "channelType": "whatsapp"}})
    refused("ERROR_TYPE_INVALID_REQUEST", {**good, "callbackData": "x" * 1025})
    refused("ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", {**good, "recipient": {**to, "id": "+4915100000002"}})
    refused("ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION", {**good, "recipient": {**to, "id": "+4915100000003"}})
    path2 = "/v1/businesses/b1/send/whatsapp_templated_messages"
    template = {"number": "+4915100000001", "templateName": "hello", "language": "en",
                "parameters": [{"name": "body_1", "value": "x"}]}
    equal(system.call("POST", path2, template, key)[0], 201, "a template")
    refused("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND", {**template, "language": "de"}, path=path2)
    refused("ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", {**template, "parameters": []}, path=path2)
    refused("ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", {**template, "parameters": [{"name": "body_16", "value": ""}]}, path=path2)
    refused("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT", {**template, "number": "+4915100000004"}, path=path2)
    rows = table("connectly")
    equal(len(rows), 29, "codes")
    for code in rows:
        system.order(faults=[{"kind": "code", "code": code}])
        refused(code, good)
    system.order(faults=[{"kind": "code", "code": "ERROR_TYPE_CONFLICT", "shape": "bare"}])
    assert "code" not in system.call("POST", path, good, key)[1]
    misbehaves(system, lambda: system.call("POST", path, good, key))
    received(system, "x-connectly-hmac-sha256", {"id": value["id"], "status": "delivered"})
    system.end()
    return "connectly: %d codes" % len(rows)


def received(system, header, wanted):
    """A webhook, and its signature."""
    import http.server
    seen = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers[header], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.handle_request, daemon=True).start()
    url = "http://127.0.0.1:%d/connectors/x/webhook" % server.server_port
    equal(system.order(webhook={**wanted, "url": url}), {"webhook": 204}, "webhook")
    equal(seen[0][0], signature("s", seen[0][1]), "signature of a webhook")
    server.server_close()


def yeastar():
    system = Running("yeastar", {"client_id": "c", "client_secret": "p", "webhook_secret": "s"})
    agent = {"User-Agent": "OpenAPI"}
    base = "/openapi/v1.0/"

    def post(name, value, token=None, headers=agent):
        return system.call("POST", base + name + ("?access_token=" + token if token else ""), value, headers)[1]

    login = {"username": "c", "password": "p"}
    equal(post("get_token", {**login, "password": "x"})["errcode"], -1, "a wrong secret")
    got = post("get_token", login)
    equal((got["errcode"], got["access_token_expire_time"]), (0, 1800), "get_token")
    token = got["access_token"]
    good = {"sender_type": 9, "channel": "whatsapp", "did_number": "+15550001111", "to": "+4915100000001", "msg_kind": 0,
            "msg_type": 0, "msg_body": "hi", "request_id": "r1"}
    sent = post("message/send", good, token)
    equal((sent["errcode"], system.log()[-1]["accepted"]), (0, True), "a good message")
    post("message/send", good, token)
    assert system.log()[-1]["duplicate"], "the duplicate was not seen"
    for code, value in (
        (40002, without(good, "sender_type")), (40002, {**good, "sender_type": "9"}), (40002, {**good, "sender_type": 1}),
        (80018, {**good, "channel": "pigeon"}), (80013, {**good, "did_number": "1"}), (40002, {**good, "to": "0151"}),
        (80015, {**good, "files": ["x"]}), (80015, {**good, "msg_kind": 1}), (40002, {**good, "request_id": "x" * 128}),
        (80014, {"sender_type": 9, "session_id": 9, "msg_body": "x"}), (40002, {**good, "more": 1}),
        (40002, {**without(good, "msg_body"), "msg_kind": 1, "whatsapp_msg_param": {"name": "x"}}),
    ):
        equal(post("message/send", value, token)["errcode"], code, json.dumps(value))
        assert system.log()[-1]["violations"] and not system.log()[-1]["accepted"]
    param = {**without(good, "msg_body"), "msg_kind": 1, "whatsapp_msg_param": "{\"name\":\"x\"}"}
    equal(post("message/send", param, token)["errcode"], 0, "a template")
    equal(post("message/send", good)["errcode"], 40002, "no token")
    equal(post("message/send", good, "other")["errcode"], 10004, "another token")
    equal(post("message/send", good, token, {"User-Agent": "x"})["errcode"], 40002, "another User-Agent")
    equal(post("nothing", {}, token)["errcode"], 10001, "another endpoint")
    contact = {"first_name": "A", "number_list": [{"num_type": "mobile_number", "number": "+49151"}]}
    made = post("company_contact/create", contact, token)
    equal(post("company_contact/create", without(contact, "first_name"), token)["errcode"], 40002, "a contact without a name")
    equal(post("company_contact/update", {"id": made["id"], "last_name": "B"}, token)["errcode"], 0, "update")
    equal(post("company_contact/update", {"id": 9999, "last_name": "B"}, token)["errcode"], 70128, "update of none")
    delete = base + "company_contact/delete?access_token=%s&id=%d" % (token, made["id"])
    equal(system.call("GET", delete, headers=agent)[1]["errcode"], 0, "delete")
    equal(system.call("GET", delete, headers=agent)[1]["errcode"], 70128, "delete again")
    system.order(now=2801)
    equal(post("message/send", good, token)["errcode"], 10004, "an old token")
    new = post("refresh_token", {"refresh_token": got["refresh_token"]})
    equal(new["errcode"], 0, "refresh")
    equal(post("refresh_token", {"refresh_token": got["refresh_token"]})["errcode"], 10004, "refresh with a used one")
    token = new["access_token"]
    system.order(expire=True)
    equal(post("message/send", good, token)["errcode"], 10004, "an expired token")
    live = [post("get_token", login) for _ in range(9)]
    equal([one["errcode"] for one in live], [0] * 8 + [60002], "nine tokens")
    token = live[0]["access_token"]
    rows = table("yeastar-pseries")
    equal(len(rows), 61, "codes")
    for code in rows:
        system.order(faults=[{"kind": "code", "code": code}])
        equal(str(post("message/send", good, token)["errcode"]), code, "a fault")
    system.order(set={"loose": True})
    assert isinstance(system.call("POST", base + "message/send?access_token=" + token, good, agent)[1], bytes), "is strict JSON"
    system.order(set={"loose": False})
    misbehaves(system, lambda: system.call("POST", base + "message/send?access_token=" + token, good, agent))
    received(system, "X-Signature", {"id": sent["data"]["msg_id"]})
    for _ in range(5):
        post("get_token", {**login, "password": "x"})
    equal(post("get_token", login)["errcode"], 70004, "five wrong log-ins")
    system.end()
    return "yeastar: %d codes" % len(rows)


def multipart(value, more=b""):
    body = (b"--b\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n"
            + json.dumps(value).encode() + b"\r\n" + more + b"--b--\r\n")
    return {"Content-Type": "multipart/form-data; boundary=b"}, body


def interaction(**changes):
    payload = {"id": UUID, "entryType": "Message", "abstractMessage": {
        "messageType": "StaticContentMessage", "id": UUID, "staticContent": {"formatType": "Text", "text": "hi"}}}
    one = {"timestamp": NOW * 1000, "interactionType": "EntryInteraction", "payload": payload}
    return {"to": "channel", "from": "+4915100000001", "interactions": [one], **changes}


def salesforce():
    with tempfile.TemporaryDirectory() as folder:
        rsa.write_pair(folder)
        with open(os.path.join(folder, "private.pem"), encoding="ascii") as file:
            private = file.read()
        with open(os.path.join(folder, "public.pem"), encoding="ascii") as file:
            public = file.read()
    org = "00D000000000001"
    system = Running("salesforce", {"consumer_key": "ck", "user": "u@example.com", "audience": "https://login.example",
                                    "public_key": public, "org": org, "context": "ctx", "channels": ["channel"]}, NOW)

    def token(changed=None, head=None, spoil=False):
        claims = {"iss": "ck", "sub": "u@example.com", "aud": "https://login.example", "exp": NOW + 180, **(changed or {})}
        pieces = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
                  for each in (head or {"alg": "RS256"}, claims)]
        signed = bytearray(rsa.sign(private, ".".join(pieces).encode()))
        signed[9] ^= 1 if spoil else 0
        pieces.append(base64.urlsafe_b64encode(bytes(signed)).decode().rstrip("="))
        form = urllib.parse.urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": ".".join(pieces)})
        return system.call("POST", "/services/oauth2/token", body=form.encode(),
                           headers={"Content-Type": "application/x-www-form-urlencoded"})

    for changed in ({"iss": "x"}, {"sub": "x"}, {"aud": "x"}, {"exp": NOW - 1}, {"exp": NOW + 4000}):
        equal(token(changed)[0], 400, json.dumps(changed))
    equal(token(head={"alg": "none"})[0], 400, "alg none")
    equal(token(spoil=True)[0], 400, "a spoilt signature")
    status, got = token()
    equal(status, 200, "a token")
    head = {"Authorization": "Bearer " + got["access_token"], "OrgId": org, "AuthorizationContext": "ctx", "RequestId": UUID}

    def post(value, headers=None, more=b""):
        kind, body = multipart(value, more)
        return system.call("POST", "/api/v1/interactions", headers={**(headers or head), **kind}, body=body)

    status, got = post(interaction())
    equal((status, got["success"], got["id"]), (202, True, UUID), "a good interaction")
    assert system.log()[-1]["accepted"] and not system.log()[-1]["violations"]
    post(interaction())
    assert system.log()[-1]["duplicate"], "the duplicate was not seen"

    def spoilt(*way, to):
        value = interaction()
        at = value
        for step in way[:-1]:
            at = at[step]
        at[way[-1]] = to
        return value

    first = ("interactions", 0)
    message = (*first, "payload", "abstractMessage")
    for code, value in (
        (10027, interaction(to="")), (10027, interaction(to="other")), (10028, interaction(**{"from": "x" * 256})),
        (20003, interaction(interactions=[])), (10029, interaction(interactions=interaction()["interactions"] * 2)),
        (10089, interaction(more=1)), (10046, spoilt(*first, "timestamp", to=NOW)),
        (10060, spoilt(*first, "payload", "id", to="11111111-2222-4333-8444-555555555556")),
        (10059, spoilt(*first, "payload", "id", to="")), (10047, spoilt(*message, "messageType", to="X")),
        (10048, spoilt(*message, "staticContent", "formatType", to="X")),
        (10045, spoilt(*message, "staticContent", "text", to="")),
    ):
        equal(post(value)[1].get("code"), code, json.dumps(value))
        assert system.log()[-1]["violations"] and not system.log()[-1]["accepted"]
    file = b"--b\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nabc\r\n"
    equal(post(interaction(), more=file)[1]["code"], 10011, "a file with a text")
    one = {"timestamp": NOW * 1000, "interactionType": "AttachmentInteraction", "id": UUID, "attachmentIndex": 0, "contentLength": 3}
    equal(post(interaction(interactions=[one]), more=file)[0], 202, "a file")
    equal(post(interaction(interactions=[{**one, "contentLength": 4}]), more=file)[1]["code"], 10051, "its length")
    for code, headers in ((10016, without(head, "OrgId")), (10016, without(head, "RequestId")), (10016, without(head, "Authorization")),
                          (10016, without(head, "AuthorizationContext")), (10005, {**head, "AuthorizationContext": "x"}),
                          (10004, {**head, "Authorization": "Bearer x"}), (10016, {**head, "RequestId": "x"})):
        equal(post(interaction(), headers)[1]["code"], code, json.dumps(headers))
    opened = {"channelAddressIdentifier": "channel", "participants": [{"subject": "s", "role": "EndUser", "appType": "custom"}]}
    one = system.call("POST", "/api/v1/conversation", opened, head)
    equal(one[0], 202, "a conversation")
    equal(system.call("POST", "/api/v1/conversation", opened, head)[1], one[1], "the same conversation")
    consent = {"endUserClientId": "u", "channelAddressIdentifier": "channel", "consentStatus": "OptedOut"}
    equal(system.call("PATCH", "/api/v1/consent", consent, head), (200, {"success": True}), "consent")
    equal(system.call("PATCH", "/api/v1/consent", {**consent, "consentStatus": "x"}, head)[1]["code"], 10021, "consent")
    end = {"channelAddressIdentifier": "channel", "conversationIdentifier": "x", "endUserClientId": "u", "operation": "End"}
    equal(system.call("POST", "/api/v1/messagingSession", end, head)[1]["errorReason"], "SESSION_NOT_FOUND", "no session")
    end["conversationIdentifier"] = one[1]["conversationIdentifier"]
    equal(system.call("POST", "/api/v1/messagingSession", end, head)[1], {"success": True}, "a session")
    rows = table("salesforce-interaction")
    equal(len(rows), 111, "codes")
    for code in rows:
        for shape in ("error", "detail", "failed"):
            system.order(faults=[{"kind": "code", "code": code, "shape": shape}])
            value = post(interaction())[1]
            equal(str(value.get("errorDetail", value)["code"]), code, shape)
    system.order(faults=[{"kind": "code", "code": "NO_ACCESS", "shape": "reason"}])
    equal(post(interaction())[1], {"success": False, "errorReason": "NO_ACCESS"}, "reason")
    misbehaves(system, lambda: post(interaction()))
    system.order(expire=True)
    equal(post(interaction())[0], 401, "an expired token")
    system.end()
    return "salesforce: %d codes" % len(rows)


if __name__ == "__main__":
    for test in (connectly, yeastar, salesforce):
        print(test())
