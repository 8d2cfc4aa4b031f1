"""HTTP/1.1 requests as the simulators read them: strictly, so that what a client gets wrong is seen."""

import json
import re
import urllib.parse

TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
SINGLE = {"host", "content-length", "content-type", "authorization", "user-agent", "x-api-key", "requestid", "orgid",
          "authorizationcontext", "authorizationcontexttype", "transfer-encoding"}


class Bad(Exception):
    """Bytes that are no HTTP/1.1 request."""


class Cut(Exception):
    """The connection is to be closed hard."""


class Request:
    def __init__(self, method, target, headers):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = b""
        path, _, query = target.partition("?")
        self.path = path
        self.pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        self.query = dict(self.pairs)

    def header(self, name):
        for known, value in self.headers:
            if known.lower() == name.lower():
                return value
        return None

    def is_type(self, wanted):
        return (self.header("Content-Type") or "").split(";")[0].strip().lower() == wanted

    def json(self):
        """The body as an object, or None."""
        def once(pairs):
            names = [name for name, _ in pairs]
            if len(names) != len(set(names)):
                raise ValueError("a member twice")
            return dict(pairs)
        try:
            value = json.loads(self.body.decode("utf-8"), object_pairs_hook=once)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


class Reader:
    """Bytes of a connection."""

    def __init__(self, connection):
        self.connection = connection
        self.held = b""

    def more(self):
        got = self.connection.recv(65536)
        if not got:
            raise EOFError
        self.held += got

    def line(self):
        while b"\r\n" not in self.held:
            if len(self.held) > 65536:
                raise Bad("a line without an end")
            self.more()
        line, self.held = self.held.split(b"\r\n", 1)
        return line.decode("latin-1")

    def exactly(self, count):
        while len(self.held) < count:
            self.more()
        got, self.held = self.held[:count], self.held[count:]
        return got


def read_head(reader):
    parts = reader.line().split(" ")
    if len(parts) != 3 or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
        raise Bad("request line")
    headers = []
    while True:
        line = reader.line()
        if line == "":
            break
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.match(name):
            raise Bad("header line")
        headers.append((name, value.strip(" \t")))
    names = [name.lower() for name, _ in headers]
    for name in SINGLE:
        if names.count(name) > 1:
            raise Bad(name + " twice")
    if "host" not in names:
        raise Bad("no Host")
    try:
        return Request(parts[0], parts[1], headers)
    except ValueError:
        raise Bad("query") from None


def read_body(request, reader, cut):
    length, chunked = request.header("Content-Length"), request.header("Transfer-Encoding")
    if length is not None and chunked is not None:
        raise Bad("two lengths")
    if chunked is not None:
        if chunked.lower() != "chunked":
            raise Bad("transfer encoding")
        while True:
            size = int(reader.line().split(";")[0], 16)
            request.body += reader.exactly(size)
            if reader.line() != "":
                raise Bad("chunk")
            if size == 0:
                return
    if length is not None:
        if not length.isdigit():
            raise Bad("length")
        count = int(length)
        request.body = reader.exactly(count // 2 if cut else count)
    if cut:
        raise Cut
