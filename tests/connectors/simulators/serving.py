"""What the three simulators share: HTTP/1.1 on a socket of 127.0.0.1, read strictly; misbehaviour on demand; a log.

A simulator prints one JSON line, {"port": P, "control": C}, and ends when its standard input does. On the control port:

POST /_control  an object with any of these members, done in this order:
    "now": SECONDS            the time by which tokens and assertions are judged; it never moves by itself
    "set": {...}              settings of the simulator; "close": true closes the connection after each answer
    "expire": true            every token is expired from now on
    "clear": true             the faults that are left are forgotten
    "faults": [FAULT, ...]    what becomes of the next requests; one fault for each time, in this order
    "release": true           requests that are held go on
    "refuse": true | false    no connection is accepted, and open ones end | they are again, on the same port
    "alone": true             waits until no connection is open
    "webhook": {...}          a webhook is sent; the answer has its status
GET /_log?count=N             waits until N requests have come, then gives all of them

FAULT: {"kind": KIND, "times": 1, "path": "/only/this", "take": BOOL, ...}; without "path" it meets no request for tokens.
"take": whether the system does what is asked in spite of it. Kinds:
    code         "code", "shape", "status": an error of the system
    status       "status", "headers", "body"
    hold         nothing is answered until "release"; then what would have been answered
    cut_before   closed before the request is read
    cut_body     closed when half of the body is read
    cut_after    closed when the request is read
    cut_answer   closed in the middle of the answer's body
    type         "type", "status", "body": another content type
    long         "bytes": an answer of so many
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import urllib.parse

from wire import Bad, Cut, Reader, read_body, read_head

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.I)
E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")


def answer(status, value, headers=()):
    return status, [("Content-Type", "application/json"), *headers], json.dumps(value).encode()


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value, longest=None):
    return isinstance(value, str) and value != "" and (longest is None or len(value) <= longest)


def signature(secret, body):
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def table(system):
    """code -> (name, meaning, class), from the table beside the tests."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "facts", "backend-error-codes.tsv")
    rows = {}
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n")[1:]:
            if line:
                cells = line.split("\t")
                if cells[0] == system:
                    rows[cells[1]] = (cells[2], cells[3], cells[4])
    return rows


class Wrong(Exception):
    """A request that the documentation does not allow: why, or what in it, and in what way."""

    def __init__(self, code, what, kind="invalid"):
        super().__init__(what)
        self.code = code
        self.what = what
        self.kind = kind


def need(holds, code, what, kind="invalid"):
    if not holds:
        raise Wrong(code, what, kind)


class Simulator:
    """One system. A subclass has `handle(request) -> (answer, accepted)`, `fault(fault, request) -> answer`,
    `violations`, `lane(request)`, `is_token(request)` and `webhook(wanted) -> (headers, body)`."""

    def __init__(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.now = 0
        self.faults = []
        self.log = []
        self.released = 0
        self.settings = {}
        self.in_flight = {}
        self.tls = None
        # The port is held by a socket that never listens, so that nobody else has it while connections are refused.
        self.holder = None
        self.listener = None
        self.open = set()

    # What a system may say otherwise.

    def lane(self, request):
        return None

    def is_token(self, request):
        return False

    def set(self, settings):
        self.settings.update(settings)

    # Faults.

    def next_fault(self, request):
        for at, fault in enumerate(self.faults):
            path = fault.get("path")
            if fault["kind"] == "cut_before" or (path is None and self.is_token(request)):
                continue
            if path is not None and path != request.path:
                continue
            return self.use(at)
        return None

    def use(self, at):
        fault = self.faults[at]
        fault["times"] = fault.get("times", 1) - 1
        if fault["times"] <= 0:
            del self.faults[at]
        return fault

    def cuts_before(self):
        with self.lock:
            if self.faults and self.faults[0]["kind"] == "cut_before":
                self.use(0)
                self.record({"fault": "cut_before", "accepted": False, "violations": []})
                return True
        return False

    def record(self, entry):
        with self.lock:
            entry["now"] = self.now
            self.log.append(entry)
            self.changed.notify_all()
        return entry

    # One connection.

    def begin(self, connection):
        with self.lock:
            self.open.add(connection)
        threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        plain = connection
        try:
            if self.tls is not None:
                if self.cuts_before():
                    raise Cut
                connection = self.tls.wrap_socket(connection, server_side=True)
            reader = Reader(connection)
            while True:
                if self.tls is None and not reader.held:
                    if not connection.recv(1, socket.MSG_PEEK):
                        break
                    if self.cuts_before():
                        raise Cut
                if not self.exchange(connection, reader):
                    break
        except Cut:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
        except (EOFError, OSError):
            pass
        finally:
            connection.close()
            with self.lock:
                self.open.discard(plain)
                self.changed.notify_all()

    def exchange(self, connection, reader):
        """One request and its answer; whether another may follow."""
        try:
            request = read_head(reader)
            with self.lock:
                fault = self.next_fault(request)
            kind = fault["kind"] if fault else None
            try:
                read_body(request, reader, kind == "cut_body")
            except Cut:
                self.record(self.entry(request, fault))
                raise
        except (Bad, ValueError) as bad:
            self.record({"accepted": False, "violations": ["HTTP: %s" % bad], "fault": None})
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return False
        lane = self.lane(request)
        with self.lock:
            entry = self.entry(request, fault)
            self.in_flight[lane] = self.in_flight.get(lane, 0) + 1
            entry["together"] = self.in_flight[lane] if lane is not None else 1
            reply = self.answered(request, fault, entry)
            # With the entry: whoever sees it may release at once.
            gate = self.released
            self.record(entry)
        try:
            self.wait(kind, gate)
        finally:
            # Before the answer leaves: whoever has it may send the next at once.
            with self.lock:
                self.in_flight[lane] -= 1
        return self.reply(connection, reply, kind)

    def entry(self, request, fault):
        return {"method": request.method, "path": request.path, "query": request.query,
                "headers": {name.lower(): value for name, value in request.headers},
                "body": request.body.decode("utf-8", "replace"), "json": request.json(), "lane": self.lane(request),
                "fault": fault["kind"] if fault else None, "accepted": False, "violations": [], "duplicate": False}

    def answered(self, request, fault, entry):
        """What is answered, and in the entry what was done."""
        self.entry_now = entry
        take = fault is None or fault.get("take", fault["kind"] in ("hold", "cut_answer"))
        self.violations = []
        reply, accepted = self.handle(request, take)
        entry["violations"] = self.violations
        entry["accepted"] = accepted and take
        entry["status"] = reply[0]
        if fault is None or self.violations:
            return reply
        kind = fault["kind"]
        if kind == "code":
            reply = self.fault(fault, request)
        elif kind == "status":
            body = fault.get("body", "")
            reply = fault["status"], list(fault.get("headers", {}).items()), body.encode()
        elif kind == "type":
            reply = fault.get("status", 200), [("Content-Type", fault["type"])], fault.get("body", "").encode()
        elif kind == "long":
            reply = 200, [("Content-Type", "application/json")], b'{"filling":"' + b"x" * fault["bytes"] + b'"}'
        entry["status"] = reply[0]
        return reply

    def wait(self, kind, gate):
        if kind == "cut_after":
            raise Cut
        if kind == "hold":
            with self.lock:
                self.changed.wait_for(lambda: self.released != gate)

    def reply(self, connection, reply, kind):
        status, headers, body = reply
        lines = ["HTTP/1.1 %d %s" % (status, http.client.responses.get(status, "Unknown")), "Content-Length: %d" % len(body)]
        lines += ["%s: %s" % pair for pair in headers]
        closes = bool(self.settings.get("close"))
        if closes:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if kind == "cut_answer":
            connection.sendall(head + body[: len(body) // 2])
            return False
        connection.sendall(head + body)
        return not closes

    # The control port.

    def begin_control(self, connection):
        threading.Thread(target=self.control, args=(connection,), daemon=True).start()

    def control(self, connection):
        try:
            reader = Reader(connection)
            request = read_head(reader)
            read_body(request, reader, False)
            if request.path == "/_log":
                with self.lock:
                    count = int(request.query.get("count", "0"))
                    self.changed.wait_for(lambda: len(self.log) >= count)
                    value = list(self.log)
            else:
                value = self.ordered(json.loads(request.body))
            body = json.dumps(value).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        except (EOFError, OSError):
            pass
        finally:
            connection.close()

    def ordered(self, order):
        known = {"now", "set", "expire", "clear", "faults", "release", "refuse", "alone", "webhook"}
        if not set(order) <= known:
            return {"error": "unknown: %s" % (set(order) - known)}
        done = {}
        with self.lock:
            if "now" in order:
                self.now = order["now"]
            self.set(order.get("set", {}))
            if order.get("expire"):
                self.expire()
            if order.get("clear"):
                self.faults.clear()
            self.faults += order.get("faults", [])
            if order.get("release"):
                self.released += 1
                self.changed.notify_all()
            if order.get("refuse") is True:
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                for connection in self.open:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        # The other side was faster.
                        pass
            elif order.get("refuse") is False:
                self.listen()
            if order.get("alone"):
                self.changed.wait_for(lambda: not self.open)
        if "webhook" in order:
            done["webhook"] = self.send_webhook(order["webhook"])
        return done

    def send_webhook(self, wanted):
        """Sends what `webhook` makes, with the headers that the test changes."""
        headers, body = self.webhook(wanted)
        headers.update(wanted.get("headers", {}))
        url = urllib.parse.urlsplit(wanted["url"])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        try:
            connection.request("POST", url.path, body, {name: value for name, value in headers.items() if value is not None})
            return connection.getresponse().status
        finally:
            connection.close()

    # Life.

    def listen(self):
        if self.holder is None:
            self.holder = at(0)
        self.listener = at(self.port)
        self.listener.listen(128)
        threading.Thread(target=accept, args=(self.listener, self.begin), daemon=True).start()

    @property
    def port(self):
        return self.holder.getsockname()[1]

    def run(self, arguments):
        """Serves until standard input ends. Arguments: a JSON object with "settings", "now", "certificate", "key"."""
        given = json.loads(arguments[0]) if arguments else {}
        self.now = given.get("now", 0)
        if "certificate" in given:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(given["certificate"], given["key"])
            self.tls.set_alpn_protocols(["http/1.1"])
        self.listen()
        self.set(given.get("settings", {}))
        control = at(0)
        control.listen(16)
        threading.Thread(target=accept, args=(control, self.begin_control), daemon=True).start()
        print(json.dumps({"port": self.port, "control": control.getsockname()[1]}), flush=True)
        sys.stdin.read()


def at(port):
    """A socket of a port of 127.0.0.1; several may have it as long as one of them at the most listens."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def accept(listener, begin):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin(connection)
