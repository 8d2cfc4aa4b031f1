"""A relay made of aiosmtpd: STARTTLS required, then AUTH; what it takes is written into a folder.

aiosmtpd_relay.py CERTIFICATE KEY FOLDER; prints the port that the system gave it, and ends with its standard input.
"""
import pathlib
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

certificate, key, folder = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]


class Keep:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        (pathlib.Path(folder) / f"{Keep.count:05}.eml").write_bytes(envelope.original_content)
        return f"250 2.0.0 taken as {Keep.count}"


class Held(Controller):
    """Listens on the port that is held already."""

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=listener, ssl=self.ssl_context)


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", b"hunter2-hunter2")
    return AuthResult(success=good, handled=False)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
controller = Held(
    Keep(),
    hostname="127.0.0.1",
    port=port,
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
    data_size_limit=64 << 20,
)

controller.start()
print(port, flush=True)
sys.stdin.read()
controller.stop()
