"""How a call is signed and how numbers are encrypted. Platforms differ in nothing else: one connector, several signers.

Sources: public clients of the national platform; the interface standards of two cities (2018 and 2020).
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5, sha256
from typing import Any, Protocol
from urllib.parse import urlencode

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.padding import PKCS7

AES_KEY_BYTES = 32
DES_KEY_BYTES = 8
FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json; charset=utf-8"


class SecretError(ValueError):
    """A secret that the signer cannot use. The text says what is wrong, and never shows the secret."""


@dataclass(frozen=True, repr=False)
class PlatformCredentials:
    """What the platform gave for one project."""

    app_id: str
    secret: str


@dataclass(frozen=True, repr=False)
class SignedCall:
    """A call as it goes over the network."""

    query: str
    body: bytes
    content_type: str


class PlatformSigner(Protocol):
    """Signs calls and encrypts numbers as one kind of platform wants it."""

    def signed(self, method: str, data: str, now: datetime, nonce: str, credentials: PlatformCredentials) -> SignedCall:
        """Sign one call. `data`: JSON; `now`: the platform's local time."""

    def encrypt(self, number: str, credentials: PlatformCredentials) -> str:
        """Encrypt the number of an id document or a bank account. Raises SecretError."""

    def decrypt(self, sealed: str, credentials: PlatformCredentials) -> str:
        """Decrypt what the platform sends back. Raises SecretError."""


class National:
    """The national platform: SHA-256 over the sorted form in small letters; AES-256-CBC with the secret as its key."""

    def signed(self, method: str, data: str, now: datetime, nonce: str, credentials: PlatformCredentials) -> SignedCall:
        """Sign a form. The secret stands at the end of what is hashed, and is not sent."""
        form = _form(method, data, f"{now:%Y%m%d%H%M%S}", nonce, credentials)
        text = f"{_joined(form)}&appsecret={credentials.secret}".lower()
        return SignedCall("", urlencode(form | {"sign": sha256(text.encode()).hexdigest()}).encode(), FORM)

    def encrypt(self, number: str, credentials: PlatformCredentials) -> str:
        """Encrypt with PKCS7; the IV is the first half of the key. Base64."""
        encryptor = self._cipher(credentials).encryptor()
        return base64.b64encode(encryptor.update(_padded(number, AES.block_size)) + encryptor.finalize()).decode()

    def decrypt(self, sealed: str, credentials: PlatformCredentials) -> str:
        """Decrypt base64."""
        decryptor = self._cipher(credentials).decryptor()
        try:
            return _unpadded(decryptor.update(base64.b64decode(sealed)) + decryptor.finalize(), AES.block_size)
        except ValueError:
            raise SecretError("a number from the platform does not open with this secret") from None

    @staticmethod
    def _cipher(credentials: PlatformCredentials) -> "Cipher[modes.CBC]":
        key = credentials.secret.encode()
        if len(key) != AES_KEY_BYTES:
            raise SecretError(f"the secret has {len(key)} characters, and AES-256 needs {AES_KEY_BYTES}")
        return Cipher(AES(key), modes.CBC(key[:16]))


class Md5Form:
    """A city's platform: MD5 over the sorted form with the secret appended; DES with the secret's first 8 bytes.

    Both are weak. The city's standard wants them; the connection's TLS is what protects.
    """

    def signed(self, method: str, data: str, now: datetime, nonce: str, credentials: PlatformCredentials) -> SignedCall:
        """Sign a form; the time has milliseconds."""
        time = f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        form = _form(method, data, time, nonce, credentials)
        text = _joined(form) + credentials.secret
        return SignedCall("", urlencode(form | {"sign": _md5(text)}).encode(), FORM)

    def encrypt(self, number: str, credentials: PlatformCredentials) -> str:
        """Encrypt with PKCS5 padding in ECB mode. `des:` and small hexadecimal digits."""
        encryptor = self._cipher(credentials).encryptor()
        return "des:" + (encryptor.update(_padded(number, DES_KEY_BYTES * 8)) + encryptor.finalize()).hex()

    def decrypt(self, sealed: str, credentials: PlatformCredentials) -> str:
        """Decrypt `des:…`."""
        decryptor = self._cipher(credentials).decryptor()
        try:
            return _unpadded(
                decryptor.update(bytes.fromhex(sealed.removeprefix("des:"))) + decryptor.finalize(), DES_KEY_BYTES * 8
            )
        except ValueError:
            raise SecretError("a number from the platform does not open with this secret") from None

    @staticmethod
    def _cipher(credentials: PlatformCredentials) -> "Cipher[modes.ECB]":
        key = credentials.secret.encode()[:DES_KEY_BYTES]
        if len(key) != DES_KEY_BYTES:
            raise SecretError(f"the secret has {len(key)} characters, and DES needs {DES_KEY_BYTES}")
        return Cipher(TripleDES(key * 3), modes.ECB())


class Md5Body(Md5Form):
    """Another city's platform: the JSON is the body, and the signature stands in the address. A call may be 6 minutes
    off the platform's clock.
    """

    def signed(self, method: str, data: str, now: datetime, nonce: str, credentials: PlatformCredentials) -> SignedCall:
        """Sign the address's fields and the body: names and values without separators, the secret at both ends."""
        fields = {
            "api_key": credentials.app_id,
            "api_version": "1.0",
            "method": method,
            "nonce": nonce,
            "timestamp": f"{now:%Y-%m-%d %H:%M:%S}",
        }
        text = "".join(f"{key}{value}" for key, value in sorted((fields | {"body": data}).items()))
        sign = _md5(f"{credentials.secret}{text}{credentials.secret}").upper()
        return SignedCall(urlencode(fields | {"signature": sign}), data.encode(), JSON)


SIGNERS: dict[str, PlatformSigner] = {"national": National(), "md5": Md5Form(), "md5-body": Md5Body()}


def as_json(data: Mapping[str, Any]) -> str:
    """Write the data of a call as it is signed and sent."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _form(method: str, data: str, time: str, nonce: str, credentials: PlatformCredentials) -> dict[str, str]:
    return {
        "appid": credentials.app_id,
        "data": data,
        "format": "json",
        "method": method,
        "nonce": nonce,
        "timestamp": time,
        "version": "1.0",
    }


def _joined(form: Mapping[str, str]) -> str:
    return "&".join(f"{key}={value}" for key, value in sorted(form.items()))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _padded(text: str, bits: int) -> bytes:
    padder = PKCS7(bits).padder()
    return padder.update(text.encode()) + padder.finalize()


def _unpadded(data: bytes, bits: int) -> str:
    unpadder = PKCS7(bits).unpadder()
    return (unpadder.update(data) + unpadder.finalize()).decode()
