"""A relay made of aiosmtpd: STARTTLS required, then AUTH; what it takes is written into a folder.

aiosmtpd_relay.py CERTIFICATE KEY FOLDER PORT; prints `ready`, and ends with its standard input.
"""
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

certificate, key, folder, port = sys.argv[1:]


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


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada", b"hunter2-hunter2")
    return AuthResult(success=good, handled=False)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
controller = Controller(
    Keep(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
    data_size_limit=64 << 20,
)

controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
