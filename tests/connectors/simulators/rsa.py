"""RSA as a test needs it, with whole numbers alone: a key pair, and the check of an RS256 signature (RFC 8017, 8.2.2).

`python3 rsa.py FOLDER` writes FOLDER/private.pem (PKCS#8) and FOLDER/public.pem (SubjectPublicKeyInfo).
"""

import base64
import hashlib
import hmac
import os
import random
import sys

RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
SMALL = [number for number in range(3, 2000, 2) if all(number % other for other in range(3, int(number ** 0.5) + 1, 2))]


def is_prime(number):
    if any(number % small == 0 for small in SMALL):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(24):
        power = pow(random.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = pow(power, 2, number)
            if power == number - 1:
                break
        else:
            return False
    return True


def prime(bits):
    while True:
        number = random.SystemRandom().getrandbits(bits) | (3 << (bits - 2)) | 1
        if number % 65537 != 1 and is_prime(number):
            return number


def der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(name, content):
    text = base64.encodebytes(content).decode().replace("\n", "")
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (name, "\n".join(lines), name)


def write_pair(folder, bits=2048):
    large, small = sorted((prime(bits // 2), prime(bits // 2)), reverse=True)
    modulus, exponent = large * small, 65537
    private = pow(exponent, -1, (large - 1) * (small - 1))
    numbers = (0, modulus, exponent, private, large, small, private % (large - 1), private % (small - 1), pow(small, -1, large))
    key = der(0x30, b"".join(map(integer, numbers)))
    spki = der(0x30, RSA_ENCRYPTION + der(3, b"\0" + der(0x30, integer(modulus) + integer(exponent))))
    with open(os.path.join(folder, "private.pem"), "w", encoding="ascii") as file:
        file.write(pem("PRIVATE KEY", der(0x30, integer(0) + RSA_ENCRYPTION + der(4, key))))
    with open(os.path.join(folder, "public.pem"), "w", encoding="ascii") as file:
        file.write(pem("PUBLIC KEY", spki))


def element(data, at):
    """(tag, content, what follows)"""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at:at + size], "big"), at + size
    return tag, data[at:at + length], at + length


def public(text):
    """(modulus, exponent) of a PEM text."""
    data = base64.b64decode("".join(line for line in text.split("\n") if not line.startswith("-")))
    _, outer, _ = element(data, 0)
    _, _, after = element(outer, 0)
    _, bits, _ = element(outer, after)
    _, pair, _ = element(bits[1:], 0)
    _, modulus, after = element(pair, 0)
    _, exponent, _ = element(pair, after)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def padded(message, size):
    tail = SHA256_INFO + hashlib.sha256(message).digest()
    return b"\0\1" + b"\xff" * (size - len(tail) - 3) + b"\0" + tail


def verifies(key, message, signature):
    modulus, exponent = key
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size or int.from_bytes(signature, "big") >= modulus:
        return False
    got = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    return hmac.compare_digest(got, padded(message, size))


def sign(private_pem, message):
    """For tests of the simulator itself."""
    data = base64.b64decode("".join(line for line in private_pem.split("\n") if not line.startswith("-")))
    _, outer, _ = element(data, 0)
    _, _, at = element(outer, 0)
    _, _, at = element(outer, at)
    _, key, _ = element(outer, at)
    _, numbers, _ = element(key, 0)
    found, at = [], 0
    while at < len(numbers):
        _, number, at = element(numbers, at)
        found.append(int.from_bytes(number, "big"))
    modulus, private = found[1], found[3]
    size = (modulus.bit_length() + 7) // 8
    return pow(int.from_bytes(padded(message, size), "big"), private, modulus).to_bytes(size, "big")


if __name__ == "__main__":
    write_pair(sys.argv[1])
