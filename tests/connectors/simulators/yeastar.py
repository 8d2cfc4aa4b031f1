"""The API of a Yeastar P-Series PBX, as its documentation says; see serving.py for the control port.

Settings: client_id, client_secret, dids (list), webhook_secret, most_tokens, refresh_seconds, token_seconds,
"loose": true (a comma too many and ids as strings, as the documentation's own samples have), "ids": false (no msg_id),
"repeats": true (a request_id that came before has the msg_id of then). A webhook with "keyless" has no request_id.
"""

import json
import sys
import uuid

from serving import E164, Simulator, Wrong, answer, is_int, is_text, need, signature, table

CODES = table("yeastar-pseries")
CHANNELS = ("general", "twilio", "telnyx", "bandwidth", "whatsapp", "facebook", "livechat")
NUMBERS = ("business_number", "business_number2", "mobile_number", "mobile_number2", "home_number", "home_number2",
           "business_fax", "home_fax", "other_number")
CONTACT = ("first_name", "last_name", "company", "email", "remark", "phonebook_id_list", "number_list", "zip_code",
           "street", "city", "state", "country")


def members(value, required, optional=()):
    for name in value:
        need(name in required or name in optional, 40002, name, "unknown")
    for name in required:
        need(name in value, 40002, name, "required")


class Yeastar(Simulator):
    def __init__(self):
        super().__init__()
        self.tokens = {}
        self.refreshes = {}
        self.failures = 0
        self.sessions = {}
        self.messages = {}
        self.seen = set()
        self.given = {}
        self.contacts = {}
        self.phonebooks = {}
        self.next = 30
        self.settings = {"dids": ["+15550001111"], "most_tokens": 8, "token_seconds": 1800, "refresh_seconds": 86400}

    def expire(self):
        self.tokens.clear()
        if self.settings.get("expire_refresh"):
            self.refreshes.clear()

    def is_token(self, request):
        return request.path in ("/openapi/v1.0/get_token", "/openapi/v1.0/refresh_token", "/openapi/v1.0/del_token")

    def lane(self, request):
        value = request.json() if request.path == "/openapi/v1.0/message/send" else None
        if value is None:
            return None
        return "%s %s %s %s" % tuple(value.get(name) for name in ("session_id", "channel", "did_number", "to"))

    def reply_with(self, code, more=(), message=None):
        name = CODES.get(str(code), ("OPERATION FAILED", "", ""))[0]
        value = {"errcode": code, "errmsg": message or name, **dict(more)}
        if not self.settings.get("loose"):
            return answer(200, value)
        body = json.dumps({name: str(each) if name.endswith("id") else each for name, each in value.items()})
        return 200, [("Content-Type", "application/json")], body.encode()[:-1] + b",}"

    def fault(self, fault, request):
        more = fault.get("more", {})
        if fault["code"] == "40002" and not more:
            more = {"invalid_param_list": [{"field": "name", "validation_type": "required"}]}
        if fault["code"] == "40003" and not more:
            more = {"submsg": "the value is used", "duplicate_field_list": [
                {"field": "to", "value": "1", "external_source": 0, "external_source_name": ""}]}
        code = fault["code"] if fault.get("shape") == "string" else int(fault["code"])
        if fault.get("shape") == "taken":
            self.next += 1
            more = {**more, "data": {"msg_id": self.next}}
        return self.reply_with(code, more, fault.get("message"))

    def handle(self, request, take):
        self.take = take
        try:
            return self.operation(request)
        except Wrong as wrong:
            if wrong.code != 10004:
                self.violations.append("%s: %s %s" % (wrong.code, wrong, wrong.kind))
            more = {}
            if wrong.code in (40002, -1):
                more = {"invalid_param_list": [{"field": wrong.what, "validation_type": wrong.kind}]}
            return self.reply_with(wrong.code, more), False

    def operation(self, request):
        base = "/openapi/v1.0/"
        need(request.path.startswith(base), 10001, request.path)
        need(len(request.pairs) == len(request.query), 40001, "query")
        need(request.header("User-Agent") == "OpenAPI", 40002, "User-Agent")
        name = request.path[len(base):]
        posts = {"get_token": self.get_token, "refresh_token": self.refresh_token, "message/send": self.send,
                 "message_session/close": self.close, "message_session/archive": self.archive,
                 "message_session/unarchive": self.unarchive, "message_session/transfer": self.transfer,
                 "company_contact/create": self.contact_create, "company_contact/update": self.contact_update,
                 "phonebook/create": self.phonebook, "phonebook/update": self.phonebook_update,
                 "message_campaign/create": self.campaign,
                 "system/sendemail": self.mail}
        gets = {"del_token": None, "message/get": self.message_get, "message/query": self.message_query,
                "company_contact/delete": self.contact_delete, "company_contact/get": self.contact_get,
                "phonebook/delete": self.phonebook_delete,
                "company_contact/list": self.contact_list, "company_contact/search": self.contact_list,
                "message_session/list": self.session_list, "message_session/get": self.session_get}
        if request.method == "POST":
            need(name in posts, 10001, name)
            need(request.is_type("application/json"), 40001, "Content-Type")
            value = request.json()
            need(value is not None, 40001, "body")
            if self.is_token(request):
                need(not request.query, 40002, "query")
                return posts[name](value), False
            need(set(request.query) == {"access_token"}, 40002, "query")
            self.token(request)
            return posts[name](value), True
        need(request.method == "GET" and name in gets, 10001, "%s %s" % (request.method, name))
        need(not request.body, 40001, "body")
        self.token(request)
        if name == "del_token":
            need(set(request.query) == {"access_token"}, 40002, "query")
            del self.tokens[request.query["access_token"]]
            return self.reply_with(0), False
        query = {key: value for key, value in request.query.items() if key != "access_token"}
        return gets[name](query), True

    # Tokens.

    def token(self, request):
        token = request.query.get("access_token")
        need(token, 10005, "access_token", "required")
        need(self.tokens.get(token, 0) > self.now, 10004, "access_token")

    def live(self):
        return sum(1 for end in self.tokens.values() if end > self.now)

    def issue(self):
        need(self.live() < self.settings["most_tokens"], 60002, "access_token")
        access, refresh = uuid.uuid4().hex, uuid.uuid4().hex
        self.tokens[access] = self.now + self.settings["token_seconds"]
        self.refreshes[refresh] = self.now + self.settings["refresh_seconds"]
        return self.reply_with(0, {
            "access_token_expire_time": self.settings["token_seconds"], "access_token": access,
            "refresh_token_expire_time": self.settings["refresh_seconds"], "refresh_token": refresh})

    def get_token(self, value):
        members(value, ("username", "password"))
        need(self.failures < 5, 70004, "address")
        if (value["username"], value["password"]) != (self.settings["client_id"], self.settings["client_secret"]):
            self.failures += 1
            return self.reply_with(-1, {"invalid_param_list": [{"field": "username or password", "value": "error"}]})
        self.failures = 0
        return self.issue()

    def refresh_token(self, value):
        members(value, ("refresh_token",))
        end = self.refreshes.get(value["refresh_token"], 0)
        if end <= self.now:
            return self.reply_with(10004)
        del self.refreshes[value["refresh_token"]]
        return self.issue()

    # Messages and their sessions.

    def send(self, value):
        optional = ("sender_no", "session_id", "channel", "did_number", "to", "msg_kind", "msg_type", "msg_body", "files",
                    "whatsapp_msg_param", "tag", "request_id")
        members(value, ("sender_type",), optional)
        need(is_int(value["sender_type"]) and value["sender_type"] in (1, 9), 40002, "sender_type")
        need(value["sender_type"] != 1 or is_text(value.get("sender_no")), 40002, "sender_no", "required")
        need(value.get("msg_type", 0) == 0 and is_int(value.get("msg_type", 0)), 40002, "msg_type")
        kind = value.get("msg_kind", 0)
        need(is_int(kind) and kind in (0, 1), 40002, "msg_kind")
        need("request_id" not in value or is_text(value["request_id"], 127), 40002, "request_id")
        session = self.session(value)
        contents = [name for name in ("msg_body", "files", "whatsapp_msg_param") if name in value]
        need(len(contents) == 1, 80015, "content")
        if kind == 1:
            need(contents == ["whatsapp_msg_param"] and value.get("channel", "whatsapp") == "whatsapp", 80015, "content")
            need(is_text(value["whatsapp_msg_param"]), 40002, "whatsapp_msg_param")
            try:
                param = json.loads(value["whatsapp_msg_param"])
            except ValueError:
                param = None
            need(isinstance(param, (dict, list)), 40002, "whatsapp_msg_param")
        else:
            need(contents != ["whatsapp_msg_param"], 80015, "content")
            if "files" in value:
                need(isinstance(value["files"], list) and len(value["files"]) == 1, 80015, "files")
            else:
                need(is_text(value["msg_body"]), 40002, "msg_body")
        if not self.take:
            return self.reply_with(0)
        again = value.get("request_id") in self.seen and "request_id" in value
        self.seen.add(value.get("request_id"))
        self.entry_now["duplicate"] = again
        self.next += 1
        number = self.next
        if self.settings.get("repeats"):
            number = self.given.setdefault(value["request_id"], number)
        self.messages[number] = {"msg_id": number, "session_id": session, "request_id": value.get("request_id"),
                                    "delivery_status": 0, "send_error": "", "send_error_msg": ""}
        self.entry_now["id"] = str(number)
        if self.settings.get("ids") is False:
            return self.reply_with(0)
        return self.reply_with(0, {"data": {"msg_id": number, "session_id": session}})

    def session(self, value):
        if "session_id" in value:
            need(is_int(value["session_id"]), 40002, "session_id")
            need(value["session_id"] in self.sessions.values(), 80014, "session_id")
            return value["session_id"]
        for name in ("channel", "did_number", "to"):
            need(is_text(value.get(name)), 40002, name, "required")
        need(value["channel"] in CHANNELS, 80018, "channel")
        need(value["did_number"] in self.settings["dids"], 80013, "did_number")
        need(value["channel"] in ("facebook", "livechat") or E164.match(value["to"]), 40002, "to")
        key = value["channel"], value["did_number"], value["to"]
        if key not in self.sessions:
            self.sessions[key] = 100 + len(self.sessions)
        return self.sessions[key]

    def named(self, value, *more):
        members(value, ("session_id", *more))
        need(is_int(value["session_id"]), 40002, "session_id")
        need(value["session_id"] in self.sessions.values(), 80014, "session_id")
        return self.reply_with(0)

    def close(self, value):
        done = self.named(value)
        if self.take:
            self.sessions = {key: known for key, known in self.sessions.items() if known != value["session_id"]}
        return done

    def archive(self, value):
        return self.named(value, "user_type", "user_no")

    def unarchive(self, value):
        return self.named(value, "user_type", "user_no")

    def transfer(self, value):
        need(value.get("destination_type") in ("extension", "queue", "api"), 40002, "destination_type")
        return self.named(value, "destination_type", "destination_id")

    def session_list(self, query):
        return self.reply_with(0, {"data": {"records": [{"session_id": known} for known in self.sessions.values()]}})

    def session_get(self, query):
        members(query, ("id",))
        need(query["id"] in map(str, self.sessions.values()), 80014, "id")
        return self.reply_with(0, {"list": {"id": int(query["id"])}})

    def campaign(self, value):
        need(value.get("number_list"), 70621, "number_list")
        need(value.get("channel_type") in ("sms", "whatsapp"), 40002, "channel_type")
        return self.reply_with(0)

    def mail(self, value):
        return self.reply_with(0)

    def message_get(self, query):
        members(query, ("id",))
        need(query["id"].isdigit() and int(query["id"]) in self.messages, 60001, "id")
        return self.reply_with(0, {"data": {"records": [self.messages[int(query["id"])]]}})

    def message_query(self, query):
        members(query, ("ids",))
        found = [self.messages[int(each)] for each in query["ids"].split(",") if each.isdigit() and int(each) in self.messages]
        return self.reply_with(0, {"data": {"records": found}})

    # Contacts.

    def contact(self, value):
        if "number_list" in value:
            need(isinstance(value["number_list"], list) and value["number_list"], 40002, "number_list")
            for each in value["number_list"]:
                need(isinstance(each, dict) and set(each) == {"num_type", "number"}, 40002, "number_list")
                need(each["num_type"] in NUMBERS and is_text(each["number"]), 40002, "number_list")
        self.ids(value, "phonebook_id_list", self.phonebooks, 70093)
        for name, each in value.items():
            if name not in ("number_list", "phonebook_id_list", "id"):
                need(isinstance(each, str), 40002, name)

    def contact_create(self, value):
        members(value, ("first_name", "number_list"), CONTACT)
        need(is_text(value["first_name"]), 40002, "first_name")
        self.contact(value)
        if not self.take:
            return self.reply_with(0, {"id": 0})
        self.next += 1
        self.contacts[self.next] = value
        return self.reply_with(0, {"id": self.next})

    def contact_update(self, value):
        members(value, ("id",), CONTACT)
        need(is_int(value["id"]), 40002, "id")
        need(len(value) > 1, 40002, "fields", "required")
        self.contact(value)
        need(value["id"] in self.contacts, 70128, "id")
        if self.take:
            self.contacts[value["id"]].update(value)
        return self.reply_with(0)

    def contact_delete(self, query):
        members(query, ("id",))
        need(query["id"].isdigit() and int(query["id"]) in self.contacts, 70128, "id")
        if self.take:
            del self.contacts[int(query["id"])]
        return self.reply_with(0)

    def contact_get(self, query):
        members(query, ("id",))
        need(query["id"].isdigit() and int(query["id"]) in self.contacts, 70128, "id")
        return self.reply_with(0, {"data": self.contacts[int(query["id"])]})

    def contact_list(self, query):
        return self.reply_with(0, {"data": [dict(value, id=known) for known, value in self.contacts.items()]})

    def phonebook(self, value):
        members(value, ("name",), ("member_select", "add_contacts_id_list"))
        self.phonebook_said(value)
        need(value["name"] not in [book["name"] for book in self.phonebooks.values()], 40003, "name")
        self.next += 1
        if self.take:
            self.phonebooks[self.next] = {"name": value["name"], "members": set(value.get("add_contacts_id_list", []))}
        return self.reply_with(0, {"id": self.next})

    def phonebook_update(self, value):
        members(value, ("id",), ("name", "member_select", "add_contacts_id_list", "del_contacts_id_list"))
        need(is_int(value["id"]), 40002, "id")
        need(value["id"] in self.phonebooks, 70093, "id")
        self.phonebook_said(value)
        if self.take:
            book = self.phonebooks[value["id"]]
            book["name"] = value.get("name", book["name"])
            book["members"] |= set(value.get("add_contacts_id_list", []))
            book["members"] -= set(value.get("del_contacts_id_list", []))
        return self.reply_with(0)

    def phonebook_said(self, value):
        need("name" not in value or is_text(value["name"]), 40002, "name")
        need(value.get("member_select", "sel_all") in ("sel_all", "sel_specific"), 40002, "member_select")
        self.ids(value, "add_contacts_id_list", self.contacts, 70128)
        self.ids(value, "del_contacts_id_list", self.contacts, 70128)

    def ids(self, value, name, known, code):
        given = value.get(name, [])
        need(isinstance(given, list) and all(is_int(each) for each in given), 40002, name)
        need(all(each in known for each in given), code, name)

    def phonebook_delete(self, query):
        members(query, ("id",))
        need(query["id"].isdigit() and int(query["id"]) in self.phonebooks, 70093, "id")
        if self.take:
            del self.phonebooks[int(query["id"])]
        return self.reply_with(0)

    # Event 30032: the result of a message.

    def webhook(self, wanted):
        message = dict(self.messages.get(int(wanted["id"]), {"msg_id": int(wanted["id"])}))
        if wanted.get("keyless"):
            message.pop("request_id", None)
        message["delivery_status"] = wanted.get("delivery_status", 1)
        if "send_error" in wanted:
            message["send_error"] = wanted["send_error"]
        frame = {"type": wanted.get("type", 30032), "sn": "3631A2089144",
                 "msg": message if wanted.get("shape") == "object" else json.dumps(message)}
        body = json.dumps(frame).encode()
        secret = wanted.get("secret", self.settings.get("webhook_secret", ""))
        return {"Content-Type": "application/json", "X-Signature": signature(secret, body)}, body


if __name__ == "__main__":
    Yeastar().run(sys.argv[1:])
