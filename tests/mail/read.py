"""Reads .eml files with Python's own e-mail package and tells what is in them as JSON."""
import base64
import email
import email.policy
import io
import json
import pathlib
import re
import sys
import zipfile
from email.header import decode_header, make_header
from email.utils import getaddresses, parseaddr, parsedate_to_datetime


def unfolded(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value)


def decoded(value):
    return str(make_header(decode_header(value)))


def mailbox(value):
    if value is None:
        return None
    name, address = parseaddr(unfolded(value))
    return [decoded(name), address]


def mailboxes(values):
    return [[decoded(name), address] for name, address in getaddresses([unfolded(value) for value in values])]


def part(found):
    payload = found.get_payload(decode=True)
    archive = {}
    if found.get_content_type() == "application/zip":
        with zipfile.ZipFile(io.BytesIO(payload)) as opened:
            assert opened.testzip() is None
            archive = {name: base64.b64encode(opened.read(name)).decode() for name in opened.namelist()}
    return {
        "archive": archive,
        "type": found.get_content_type(),
        "charset": found.get_content_charset(),
        "disposition": found.get_content_disposition(),
        "name": found.get_filename(),
        "bytes": base64.b64encode(payload).decode(),
    }


def shape(found):
    if found.is_multipart():
        return [found.get_content_type(), [shape(inner) for inner in found.get_payload()]]
    return found.get_content_type()


def read(path):
    raw = path.read_bytes()
    plain = email.message_from_bytes(raw)
    modern = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [repr(defect) for found in modern.walk() for defect in found.defects]
    defects += [repr(defect) for value in modern.values() for defect in getattr(value, "defects", [])]
    return {
        "headers": [name for name, _ in plain.items()],
        "subject": decoded(unfolded(plain["Subject"])),
        "modern_subject": str(modern["Subject"]),
        "from": mailbox(plain["From"]),
        "to": mailbox(plain["To"]),
        "cc": mailboxes(plain.get_all("Cc", [])),
        "reply_to": mailbox(plain["Reply-To"]),
        "plain": {name: unfolded(value) for name, value in plain.items()},
        "date": int(parsedate_to_datetime(plain["Date"]).timestamp()),
        "shape": shape(plain),
        "parts": [part(found) for found in plain.walk() if not found.is_multipart()],
        "defects": defects,
    }


json.dump([read(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))], sys.stdout)
