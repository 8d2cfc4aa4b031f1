"""The Interaction API of Salesforce, as its documentation says; see serving.py for the control port.

Settings: consumer_key, user, audience, public_key (PEM), org, context, channels (list), token_seconds.
"""

import base64
import email.parser
import email.policy
import json
import sys
import urllib.parse
import uuid

import rsa
from serving import UUID, Simulator, Wrong, answer, is_int, is_text, need, table

CODES = table("salesforce-interaction")
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TYPES = ("ConversationChannelDefinition", "EmbeddedMessagingChannel", "ExternalConversationParticipant")
NEEDS_TYPE = {("POST", "/conversationEntry"), ("GET", "/conversationEntry"), ("POST", "/conversationHistory"),
              ("PATCH", "/capabilities"), ("PATCH", "/agentWork")}
CONSENT = ("OptedOut", "ImplicitlyOptedIn", "ExplicitlyOptedIn", "DoublyOptedIn")
DAY = 86400000


def members(value, required, optional=()):
    need(isinstance(value, dict), 10089, "no JSON object")
    for name in value:
        need(name in required or name in optional, 10089, "unknown member " + name)


def attributes(value):
    if "routingAttributes" in value:
        given = value["routingAttributes"]
        need(isinstance(given, dict) and all(isinstance(each, str) for each in given.values()), 10089, "routingAttributes")
        need(all(len(each) <= 255 for each in given.values()), 10096, "routingAttributes")


def base64url(text):
    need("=" not in text and "+" not in text and "/" not in text, 10004, "no base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Salesforce(Simulator):
    def __init__(self):
        super().__init__()
        self.tokens = {}
        self.conversations = {}
        self.messages = set()
        self.settings = {"channels": ["channel"], "token_seconds": 7200}

    def set(self, settings):
        super().set(settings)
        self.settings.setdefault("audience", "http%s://127.0.0.1:%d" % ("s" if self.tls else "", self.port))

    def expire(self):
        self.tokens.clear()

    def is_token(self, request):
        return request.path == "/services/oauth2/token"

    def lane(self, request):
        if request.path == "/api/v1/interactions":
            _, value, _ = parts(request)
            if isinstance(value, dict):
                return "%s %s" % (value.get("to"), value.get("from"))
        return None

    def error(self, code, status=400, shape="error", message=None):
        if message is None:
            name, meaning, _ = CODES.get(str(code), ("UNKNOWN", "An error that is not on the page", ""))
            message = "%s: %s" % (name, meaning)
        value = {"code": code, "message": message}
        if shape == "detail":
            value = {"success": False, "errorDetail": value}
        elif shape == "reason":
            value = {"success": False, "errorReason": code}
        elif shape == "failed":
            value = {"success": False, **value}
        return answer(status, value)

    def fault(self, fault, request):
        code = fault["code"]
        number = int(code) if code.lstrip("-").isdigit() else code
        shape = fault.get("shape", "error")
        status = fault.get("status", {"detail": 200, "reason": 200, "failed": 202}.get(shape, 500 if code == "500" else 400))
        return self.error(number, status, shape, fault.get("message"))

    def handle(self, request, take):
        if self.is_token(request):
            try:
                return self.token(request), False
            except (Wrong, ValueError, KeyError) as wrong:
                self.violations.append("token: %s" % wrong)
                return answer(400, {"error": "invalid_grant", "error_description": str(wrong)}), False
        try:
            self.headers(request)
            self.take = take
            reply = self.operation(request)
            return reply, b'"success": true' in reply[2]
        except Wrong as wrong:
            if wrong.code != 10004:
                self.violations.append("%s: %s" % (wrong.code, wrong))
            return self.error(wrong.code, 401 if wrong.code == 10004 else 400), False

    # The token.

    def token(self, request):
        need(request.method == "POST" and not request.query, 0, "method")
        need(request.is_type("application/x-www-form-urlencoded"), 0, "Content-Type")
        form = urllib.parse.parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        need(sorted(name for name, _ in form) == ["assertion", "grant_type"], 0, "fields")
        form = dict(form)
        need(form["grant_type"] == GRANT, 0, "grant_type")
        pieces = form["assertion"].split(".")
        need(len(pieces) == 3, 0, "assertion")
        head, claims = json.loads(base64url(pieces[0])), json.loads(base64url(pieces[1]))
        need(head.get("alg") == "RS256" and set(head) <= {"alg", "typ"}, 0, "alg")
        key = rsa.public(self.settings["public_key"])
        signed = ".".join(pieces[:2]).encode("ascii")
        need(rsa.verifies(key, signed, base64url(pieces[2])), 0, "signature")
        need(claims["iss"] == self.settings["consumer_key"], 0, "iss")
        need(claims["sub"] == self.settings["user"], 0, "sub")
        need(claims["aud"] == self.settings["audience"], 0, "aud")
        need(is_int(claims["exp"]) and self.now < claims["exp"] <= self.now + 300, 0, "exp")
        token = "00D000000000001!" + uuid.uuid4().hex
        self.tokens[token] = self.now + self.settings["token_seconds"]
        return answer(200, {"access_token": token, "scope": "interaction_api", "token_type": "Bearer",
                            "instance_url": "https://example.my.salesforce.com", "id": "https://login.salesforce.com/id/1/2"})

    def headers(self, request):
        need(request.path.startswith("/api/v1/"), 10016, "path " + request.path)
        kind, _, token = (request.header("Authorization") or "").partition(" ")
        need(kind == "Bearer" and token, 10016, "Authorization")
        need(self.tokens.get(token, 0) > self.now, 10004, "token")
        org = request.header("OrgId") or ""
        need(len(org) == 15 and org == self.settings["org"], 10016, "OrgId")
        need(request.header("AuthorizationContext"), 10016, "AuthorizationContext")
        need(request.header("AuthorizationContext") == self.settings["context"], 10005, "AuthorizationContext")
        need(UUID.match(request.header("RequestId") or ""), 10016, "RequestId")
        kind = request.header("AuthorizationContextType")
        if kind is not None or (request.method, request.path[len("/api/v1"):]) in NEEDS_TYPE:
            need(kind in TYPES, 10093, "AuthorizationContextType")

    # Operations.

    def operation(self, request):
        path = request.path[len("/api/v1"):]
        need(not request.query, 10089, "query")
        if (request.method, path) == ("POST", "/interactions"):
            return self.interactions(request)
        operations = {
            ("POST", "/conversation"): self.conversation, ("PATCH", "/consent"): self.consent,
            ("POST", "/messagingSession"): self.session, ("POST", "/conversationEntry"): self.entry_in,
            ("GET", "/conversationEntry"): self.entries, ("POST", "/participant"): self.participant,
            ("POST", "/acknowledgement"): self.acknowledgement, ("POST", "/route"): self.route,
            ("DELETE", "/route"): self.unroute, ("POST", "/conversationHistory"): self.history,
            ("POST", "/agentWork"): self.work, ("PATCH", "/agentWork"): self.work,
            ("POST", "/routingResult"): self.routed, ("PATCH", "/capabilities"): self.capable,
        }
        need((request.method, path) in operations, 10089, "operation %s %s" % (request.method, path))
        need(request.is_type("application/json"), 10016, "Content-Type")
        value = request.json()
        need(value is not None, 10089, "no JSON object")
        return operations[request.method, path](value)

    def interactions(self, request):
        why, value, files = parts(request)
        need(why is None, 10089, why)
        members(value, ("to", "from", "interactions"), ("routingAttributes",))
        need(is_text(value.get("to"), 240), 10027, "to")
        need(value["to"] in self.settings["channels"], 10027, "to is no channel")
        need(is_text(value.get("from"), 255), 10028, "from")
        need(isinstance(value.get("interactions"), list), 10029, "interactions")
        need(value["interactions"], 20003, "interactions")
        need(len(value["interactions"]) == 1, 10029, "interactions")
        attributes(value)
        one = value["interactions"][0]
        need(isinstance(one, dict), 10029, "interaction")
        kind = one.get("interactionType")
        need(kind in ("EntryInteraction", "AttachmentInteraction"), 10029, "interactionType")
        need(len(files) == (1 if kind == "AttachmentInteraction" else 0), 10011, "attachments")
        need(is_int(one.get("timestamp")), 10046, "timestamp")
        need(abs(one["timestamp"] - self.now * 1000) <= DAY, 10046, "timestamp %s" % one["timestamp"])
        identity = self.attachment(one, files[0]) if files else message_entry(one)
        again = identity in self.messages
        if self.take:
            self.messages.add(identity)
            self.entry_now["duplicate"] = again
        conversation = self.conversations.setdefault((value["to"], value["from"]), str(uuid.uuid4()))
        return answer(202, {"conversationIdentifier": conversation, "id": identity, "workItemIds": ["0Mw000000000001"],
                            "success": True})

    def attachment(self, one, file):
        members(one, ("timestamp", "interactionType", "id", "attachmentIndex", "contentLength"), ("text",))
        need(is_text(one.get("id")), 10007, "id")
        need(UUID.match(one["id"]), 10007, "id")
        need(is_int(one.get("contentLength")), 10010, "contentLength")
        need(one.get("attachmentIndex") == 0 and is_int(one["attachmentIndex"]), 10011, "attachmentIndex")
        need(len(file) > 0, 10009, "file")
        need(len(file) <= 25 * 1024 * 1024, 10008, "file")
        need(one["contentLength"] == len(file), 10051, "contentLength")
        return one["id"]

    def conversation(self, value):
        members(value, ("channelAddressIdentifier", "participants"), ("routingAttributes",))
        channel = value.get("channelAddressIdentifier")
        need(is_text(channel, 240) and channel in self.settings["channels"], 10052, "channelAddressIdentifier")
        need(isinstance(value.get("participants"), list) and len(value["participants"]) == 1, 10053, "participants")
        one = value["participants"][0]
        members(one, ("subject", "role", "appType"))
        need(is_text(one.get("subject"), 255), 10054, "subject")
        need(one.get("role") == "EndUser", 10042, "role")
        need(one.get("appType") == "custom", 10037, "appType")
        attributes(value)
        known = self.conversations.setdefault((channel, one["subject"]), str(uuid.uuid4()))
        return answer(202, {"conversationIdentifier": known, "messagingSessionId": "0Mw000000000001", "success": True})

    def consent(self, value):
        members(value, ("endUserClientId", "channelAddressIdentifier", "consentStatus"))
        need(is_text(value.get("endUserClientId"), 240), 10020, "endUserClientId")
        need(value.get("channelAddressIdentifier") in self.settings["channels"], 10017, "channelAddressIdentifier")
        need(value.get("consentStatus") in CONSENT, 10021, "consentStatus")
        return answer(200, {"success": True})

    def session(self, value):
        members(value, ("channelAddressIdentifier", "conversationIdentifier", "endUserClientId", "operation"),
                ("sessionId", "operationBy"))
        need(value.get("channelAddressIdentifier") in self.settings["channels"], 10017, "channelAddressIdentifier")
        need(is_text(value.get("conversationIdentifier"), 240), 10018, "conversationIdentifier")
        need(is_text(value.get("endUserClientId"), 240), 10020, "endUserClientId")
        need(value.get("operation") in ("End", "Inactivate"), 10089, "operation")
        need(value.get("operationBy", "System") in ("EndUser", "System"), 10089, "operationBy")
        if value["conversationIdentifier"] not in self.conversations.values():
            return self.error("SESSION_NOT_FOUND", 200, "reason")
        return answer(200, {"success": True})

    def entry_in(self, value):
        members(value, ("conversationIdentifier", "sender", "conversationEntries"))
        self.known(value)
        members(value.get("sender"), ("subject", "role", "appType"))
        entries = value.get("conversationEntries")
        need(isinstance(entries, list) and len(entries) == 1, 10045, "conversationEntries")
        members(entries[0], ("clientTimestamp", "entryPayload"))
        need(is_int(entries[0].get("clientTimestamp")), 10046, "clientTimestamp")
        need(isinstance(entries[0].get("entryPayload"), dict), 10045, "entryPayload")
        return answer(202, {"success": True})

    def entries(self, value):
        members(value, ("conversationIdentifier", "startTime"), ("endTime", "limit", "direction"))
        self.known(value)
        need(is_int(value.get("startTime")), 10090, "startTime")
        return answer(200, {"success": True, "conversationEntries": []})

    def participant(self, value):
        members(value, ("conversationIdentifier", "participants", "operation"))
        self.known(value)
        need(isinstance(value.get("participants"), list) and len(value["participants"]) == 1, 10039, "participants")
        need(value.get("operation") == "Remove", 10097, "operation")
        return answer(200, {"success": True})

    def acknowledgement(self, value):
        members(value, ("sender", "conversationIdentifier", "acknowledgements"))
        self.known(value)
        given = value.get("acknowledgements")
        need(isinstance(given, list) and 1 <= len(given) <= 25, 10089, "acknowledgements")
        return answer(200, {"success": True})

    def route(self, value):
        members(value, ("conversationIdentifier", "routingType"), ("routingInfo",))
        self.known(value)
        need(value.get("routingType") in ("Initial", "Transfer", "Conference"), 10089, "routingType")
        return answer(202, {"success": True})

    def unroute(self, value):
        members(value, ("conversationIdentifier",), ("cancelReason",))
        self.known(value)
        return answer(202, {"success": True})

    def history(self, value):
        members(value, ("channelAddressIdentifier", "conversationParticipants", "conversationEntries"), ("messagingSession",))
        need(value.get("channelAddressIdentifier") in self.settings["channels"], 10069, "channelAddressIdentifier")
        for name, most in (("conversationParticipants", 3), ("conversationEntries", 25)):
            need(isinstance(value.get(name), list) and 1 <= len(value[name]) <= most, 10078, name)
        return answer(202, {"success": True, "conversationIdentifier": str(uuid.uuid4()), "messagingSessionId": "0Mw000000000001"})

    def work(self, value):
        need(is_text(value.get("workItemId")), 10012, "workItemId")
        need(not ("capacityWeight" in value and "capacityPercentage" in value), 10013, "capacity")
        return answer(202, {"success": True})

    def routed(self, value):
        self.known(value)
        need(isinstance(value.get("success"), bool), 10089, "success")
        need(value["success"] != ("errorMessage" in value), 10033 if value["success"] else 10034, "errorMessage")
        return answer(202, {"success": True})

    def capable(self, value):
        need(value.get("progressIndicatorCapability") != {}, 10098, "progressIndicatorCapability")
        return answer(200, {"success": True})

    def known(self, value):
        identity = value.get("conversationIdentifier")
        need(is_text(identity, 240) and identity in self.conversations.values(), 10018, "conversationIdentifier")


def message_entry(one):
    members(one, ("timestamp", "interactionType", "payload"))
    payload = one.get("payload")
    members(payload, ("id", "entryType", "abstractMessage"))
    message = payload.get("abstractMessage")
    members(message, ("messageType", "id", "staticContent"))
    need(is_text(payload.get("id")) and is_text(message.get("id")), 10059, "id")
    need(payload["id"] == message["id"], 10060, "id")
    need(UUID.match(payload["id"]), 10059, "id is no UUID")
    need(payload.get("entryType") == "Message", 10045, "entryType")
    need(message.get("messageType") == "StaticContentMessage", 10047, "messageType")
    content = message.get("staticContent")
    members(content, ("formatType", "text"))
    need(content.get("formatType") == "Text", 10048, "formatType")
    need(is_text(content.get("text")), 10045, "text")
    return payload["id"]


def parts(request):
    """(what is wrong or None, the part `json`, the files) of a multipart body, read by another reader than the writer's."""
    kind = request.header("Content-Type") or ""
    if not request.is_type("multipart/form-data") or "boundary=" not in kind:
        return "Content-Type", None, []
    boundary = kind.split("boundary=", 1)[1].split(";")[0].strip().strip('"').encode("latin-1")
    if not boundary or len(boundary) > 70 or not request.body.startswith(b"--" + boundary + b"\r\n"):
        return "boundary", None, []
    if not request.body.rstrip(b"\r\n").endswith(b"\r\n--" + boundary + b"--"):
        return "end of the multipart body", None, []
    head = b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n"
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    if whole.defects or not whole.is_multipart():
        return "multipart body", None, []
    value, files = None, []
    for part in whole.iter_parts():
        name = part.get_param("name", header="Content-Disposition")
        if part.get_content_disposition() != "form-data" or part.defects:
            return "part", None, []
        if name == "json" and value is None and part.get_content_type() == "application/json":
            try:
                value = json.loads(part.get_payload(decode=True).decode("utf-8"))
            except ValueError:
                return "part json", None, []
        elif name == "attachments" and part.get_filename():
            files.append(part.get_payload(decode=True))
        else:
            return "part %s of type %s" % (name, part.get_content_type()), None, []
    return (None if value is not None else "no part json"), value, files


if __name__ == "__main__":
    Salesforce().run(sys.argv[1:])
