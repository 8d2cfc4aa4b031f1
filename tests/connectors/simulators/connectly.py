"""The Connectly API, as its documentation says; see serving.py for the control port.

Settings: business, api_key, senders (list), closed (recipients whose 24 hours are over), silent (recipients who never wrote),
opted_out (recipients), templates ({"name language": [names of parameters]}), rejected (names of templates), webhook_secret,
"repeats": true (callbackData that came before has the id of then).
"""

import json
import re
import sys
import uuid

from serving import E164, Simulator, Wrong, answer, is_text, need, signature, table

CODES = table("connectly")
PARAMETER = re.compile(r"^(header_text|header_image|header_video|body_([1-9]|1[0-5])|buttons?(_[0-9]+)?)$")
CONTENTS = ("text", "attachments", "location", "listMessage", "replyButtonMessage", "singleProductMessage", "multiProductMessage")
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# The type that goes with a class of codes; the vendor's own sample shows one that does not fit, see `fault`.
TYPES = {"client": "INVALID_REQUEST", "not-found": "NOT_FOUND", "conflict": "CONFLICT", "auth": "AUTHENTICATION",
         "rate-limit": "RATE_LIMIT"}
STATUS = {"client": 400, "not-found": 404, "conflict": 409, "auth": 401, "rate-limit": 429, "server": 500, "transient": 500}


def members(value, required, optional=()):
    need(isinstance(value, dict), "ERROR_TYPE_INVALID_REQUEST", "no JSON object")
    for name in value:
        need(name in required or name in optional, "ERROR_TYPE_INVALID_REQUEST", "unknown member " + name)
    for name in required:
        need(name in value, "ERROR_TYPE_INVALID_REQUEST", "no " + name)


def ulid():
    number, text = uuid.uuid4().int, ""
    for _ in range(26):
        text = LETTERS[number & 31] + text
        number >>= 5
    return text


class Connectly(Simulator):
    def __init__(self):
        super().__init__()
        self.messages = {}
        self.keys = set()
        self.given = {}
        self.created = {}
        self.hooks = {}
        self.settings = {"senders": ["+15550001111"], "closed": [], "silent": [], "opted_out": [], "templates": {}}

    def expire(self):
        self.settings["api_key"] = uuid.uuid4().hex

    def lane(self, request):
        value = request.json()
        if value is None:
            return None
        if request.path.endswith("/send/messages") and isinstance(value.get("recipient"), dict):
            return "session %s" % value["recipient"].get("id")
        if request.path.endswith("/send/whatsapp_templated_messages"):
            return "template %s" % value.get("number")
        return None

    def error(self, code, status=None, kind=None, message=None):
        name, meaning, family = CODES.get(code, ("", "An error that is not on the page", "client"))
        if kind is None:
            kind = code if code.startswith("ERROR_TYPE_") else "ERROR_TYPE_" + TYPES.get(family, "UNSPECIFIED")
        own = "ERROR_CODE_UNSPECIFIED" if code.startswith("ERROR_TYPE_") else code
        value = {"message": message or meaning, "type": kind, "code": own, "userTitle": name.replace("_", " ").capitalize(),
                 "userMessage": meaning, "cntTraceId": "11824978358485860716", "details": {}}
        return answer(status or STATUS[family], value)

    def fault(self, fault, request):
        """Shapes: usual; "trap" has the type DEADLINE_EXCEEDED, as the vendor's sample; "bare" has the type without a code."""
        kind = "ERROR_TYPE_DEADLINE_EXCEEDED" if fault.get("shape") == "trap" else fault.get("type")
        status, headers, body = self.error(fault["code"], fault.get("status"), kind, fault.get("message"))
        if fault.get("shape") == "bare":
            value = json.loads(body)
            del value["code"]
            body = json.dumps(value).encode()
        return status, headers + list(fault.get("headers", {}).items()), body

    def handle(self, request, take):
        self.take = take
        try:
            reply, _ = self.operation(request)
            return reply, reply[0] < 300
        except Wrong as wrong:
            self.violations.append("%s: %s" % (wrong.code, wrong))
            return self.error(wrong.code), False

    def operation(self, request):
        need(is_text(request.header("X-API-Key")), "ERROR_TYPE_AUTHENTICATION", "no X-API-Key")
        need(request.header("X-API-Key") == self.settings["api_key"], "ERROR_TYPE_AUTHENTICATION", "X-API-Key")
        need(request.header("Authorization") is None, "ERROR_TYPE_INVALID_REQUEST", "Authorization")
        pieces = request.path.split("/", 4)
        need(pieces[:3] == ["", "v1", "businesses"] and len(pieces) == 5, "ERROR_TYPE_NOT_FOUND", request.path)
        need(pieces[3] == self.settings["business"], "ERROR_TYPE_AUTHORIZATION", "business " + pieces[3])
        need(not request.query, "ERROR_TYPE_INVALID_REQUEST", "query")
        operations = {("POST", "send/messages"): self.send, ("POST", "send/whatsapp_templated_messages"): self.template,
                      ("POST", "create/template"): self.create_template, ("POST", "create/webhooks"): self.create_webhook,
                      ("POST", "send/campaigns"): self.campaigns}
        if (request.method, pieces[4]) == ("POST", "get/templates"):
            need(not request.body, "ERROR_TYPE_INVALID_REQUEST", "body")
            groups = [{"id": name, "name": name, "templates": each} for name, each in self.created.items()]
            return answer(200, {"entity": {"templateGroups": groups}}), True
        if request.method == "PUT" and pieces[4].startswith("update/webhooks/"):
            return self.update_webhook(pieces[4].split("/", 2)[2], request), True
        need((request.method, pieces[4]) in operations, "ERROR_TYPE_NOT_FOUND", "%s %s" % (request.method, pieces[4]))
        need(request.is_type("application/json"), "ERROR_TYPE_INVALID_REQUEST", "Content-Type")
        value = request.json()
        need(value is not None, "ERROR_TYPE_INVALID_REQUEST", "body")
        return operations[request.method, pieces[4]](value), True

    def number(self, text):
        need(is_text(text), "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT", "number")
        need(E164.match(text) or re.match(r"^[a-z]{2}\.[0-9A-Za-z]+$", text), "ERROR_CODE_PHONE_NUMBER_BAD_FORMAT", text)
        need(text not in self.settings["senders"], "ERROR_CODE_MESSAGE_SELF_INVALID", text)

    def common(self, value):
        if "callbackData" in value:
            size = len(json.dumps(value["callbackData"], separators=(",", ":"), ensure_ascii=False).encode())
            need(size <= 1024, "ERROR_TYPE_INVALID_REQUEST", "callbackData")
        if "campaignName" in value:
            need(is_text(value["campaignName"]), "ERROR_TYPE_INVALID_REQUEST", "campaignName")

    def took(self, value, recipient):
        if not self.take:
            return answer(201, {"id": ulid()})
        key = json.dumps(value.get("callbackData")) if "callbackData" in value else None
        self.entry_now["duplicate"] = key is not None and key in self.keys
        self.keys.add(key)
        identity = self.given.setdefault(key, ulid()) if self.settings.get("repeats") else ulid()
        self.messages[identity] = {"callbackData": value.get("callbackData"), "recipient": recipient}
        self.entry_now["id"] = identity
        return answer(201, {"id": identity})

    def send(self, value):
        members(value, ("recipient", "message"), ("sender", "campaignName", "callbackData"))
        recipient = value["recipient"]
        members(recipient, ("id", "channelType"), ("name",))
        self.number(recipient["id"])
        need(recipient["channelType"] == "whatsapp", "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL", "channelType")
        if "sender" in value:
            members(value["sender"], ("id", "channelType"))
            need(value["sender"]["id"] in self.settings["senders"], "ERROR_CODE_INVALID_SENDER_ID", "sender")
            need(value["sender"]["channelType"] == "whatsapp", "ERROR_CODE_BUSINESS_MISSES_MATCHING_CHANNEL", "sender")
        self.common(value)
        message = value["message"]
        members(message, (), ("id", *CONTENTS))
        need("id" not in message or is_text(message["id"]), "ERROR_TYPE_INVALID_REQUEST", "message.id")
        need(sum(name in message for name in CONTENTS) == 1, "ERROR_TYPE_INVALID_REQUEST", "exactly one content")
        if "text" in message:
            need(is_text(message["text"]), "ERROR_CODE_MESSAGE_TEXT_EMPTY", "text")
        if "attachments" in message:
            need(isinstance(message["attachments"], list) and len(message["attachments"]) == 1,
                 "ERROR_CODE_MESSAGE_ATTACHMENTS_NUMBER_INVALID", "attachments")
            one = message["attachments"][0]
            members(one, ("type", "url"))
            need(one["type"] in ("image", "video", "audio", "document"), "ERROR_TYPE_INVALID_REQUEST", "type")
            need(is_text(one["url"]), "ERROR_CODE_MESSAGE_ATTACHMENT_EMPTY", "url")
            need(one["url"].startswith("https://"), "ERROR_CODE_MESSAGE_ATTACHMENT_INVALID", "url")
        if recipient["id"] in self.settings["silent"]:
            return self.error("ERROR_CODE_MESSAGE_CUSTOMER_NO_CONVERSATION_INITIATION")
        if recipient["id"] in self.settings["closed"]:
            return self.error("ERROR_CODE_MESSAGE_OUTSIDE_OF_ELIGIBILITY_WINDOW", None, "ERROR_TYPE_DEADLINE_EXCEEDED")
        return self.took(value, recipient["id"])

    def template(self, value):
        members(value, ("number", "templateName", "language"), ("parameters", "sender", "callbackData", "campaignName"))
        number = value["number"]
        self.number(number[len("bsuid:"):] if isinstance(number, str) and number.startswith("bsuid:") else number)
        if "sender" in value:
            need(value["sender"] in self.settings["senders"], "ERROR_CODE_INVALID_SENDER_ID", "sender")
        self.common(value)
        need(is_text(value["templateName"]) and is_text(value["language"]), "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID", "template")
        given = value.get("parameters", [])
        need(isinstance(given, list), "ERROR_CODE_MESSAGE_TEMPLATE_INPUT_INVALID", "parameters")
        for each in given:
            members(each, ("name", "value"))
            need(is_text(each["name"]) and PARAMETER.match(each["name"]), "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", "name")
            need(isinstance(each["value"], str), "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", "value")
        names = [each["name"] for each in given]
        need(len(names) == len(set(names)), "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", "a name twice")
        known = self.settings["templates"].get("%s %s" % (value["templateName"], value["language"]))
        if known is None:
            return self.error("ERROR_CODE_MESSAGE_TEMPLATE_NOT_FOUND")
        need(sorted(names) == sorted(known), "ERROR_CODE_MESSAGE_TEMPLATE_INVALID_PARAM", "parameters %s" % names)
        if number in self.settings["opted_out"]:
            return self.error("ERROR_CODE_MESSAGE_CUSTOMER_OPTED_OUT")
        return self.took(value, number)

    def campaigns(self, value):
        members(value, ("entries",))
        need(isinstance(value["entries"], list) and value["entries"], "ERROR_TYPE_INVALID_REQUEST", "entries")
        for each in value["entries"]:
            members(each, ("client", "campaignName"), ("sender", "campaignVersion", "variables", "scheduledAt"))
        return answer(200, {"data": [{"acceptedCount": len(value["entries"]), "rejectedCount": 0, "error": None}]})

    def create_template(self, value):
        members(value, ("name", "language", "category", "template_components"))
        need(is_text(value["name"]), "ERROR_TYPE_INVALID_REQUEST", "name")
        members(value["language"], ("code",))
        category = value["category"]
        need(isinstance(category, str) and category.removeprefix("MESSAGE_TEMPLATE_GROUP_CATEGORY_") in
             ("MARKETING", "UTILITY", "AUTHENTICATION"), "ERROR_TYPE_INVALID_REQUEST", "category")
        need(isinstance(value["template_components"], list), "ERROR_TYPE_INVALID_REQUEST", "template_components")
        for each in value["template_components"]:
            members(each, (), ("header", "body", "footer", "buttons"))
            if "body" in each:
                need(is_text(each["body"].get("text", {}).get("text")), "ERROR_TYPE_INVALID_REQUEST", "body.text.text")
        group = self.created.setdefault(value["name"], [])
        need(value["language"] not in [known["language"] for known in group], "ERROR_TYPE_CONFLICT", value["name"])
        rejected = value["name"] in self.settings.get("rejected", [])
        made = {"id": str(10 ** 15 + sum(map(len, self.created.values()))), "language": value["language"],
                "status": "MESSAGE_TEMPLATE_STATUS_" + ("REJECTED" if rejected else "PENDING"),
                "templateComponents": value["template_components"],
                "rejectionReason": "INVALID_FORMAT" if rejected else None}
        if self.take:
            group.append(made)
        entity = {"id": value["name"], "name": value["name"], "category": category, "templates": [made]}
        return answer(201, {"entity": entity})

    def update_webhook(self, identity, request):
        need(identity, "ERROR_TYPE_NOT_FOUND", "webhook")
        need(request.is_type("application/json"), "ERROR_TYPE_INVALID_REQUEST", "Content-Type")
        value = request.json() or {}
        need("id" not in value, "ERROR_TYPE_INVALID_REQUEST", "id")
        need(value.get("address", "").startswith("https://"), "ERROR_TYPE_INVALID_REQUEST", "address")
        return answer(200, {"id": identity})

    def create_webhook(self, value):
        members(value, ("topic", "address"), ("type", "configuration"))
        need(value["topic"] in ("messages", "delivery_status"), "ERROR_TYPE_INVALID_REQUEST", "topic")
        need(str(value["address"]).startswith("https://"), "ERROR_TYPE_INVALID_REQUEST", "address")
        if value["topic"] in self.hooks:
            return self.error("ERROR_TYPE_CONFLICT")
        self.hooks[value["topic"]] = ulid()
        return answer(201, {"id": self.hooks[value["topic"]]})

    def webhook(self, wanted):
        """Topic delivery_status. "status": sent, delivered, read or delivery_failed, with "code"; "keyless": without callbackData."""
        error = None
        if wanted["status"] == "delivery_failed":
            code = wanted.get("code", "ERROR_TYPE_UNSPECIFIED")
            error = json.loads(self.error(code)[2])
        known = self.messages.get(wanted["id"], {})
        update = {"id": wanted["id"], "status": wanted["status"], "error": error}
        value = {"topic": "delivery_status", "businessId": self.settings["business"], "statusUpdate": update}
        if known.get("callbackData") is not None and not wanted.get("keyless"):
            value["statusUpdate"]["callbackData"] = known["callbackData"]
        body = json.dumps(value).encode()
        secret = wanted.get("secret", self.settings.get("webhook_secret", ""))
        return {"Content-Type": "text/plain", "x-connectly-hmac-sha256": signature(secret, body)}, body


if __name__ == "__main__":
    Connectly().run(sys.argv[1:])
