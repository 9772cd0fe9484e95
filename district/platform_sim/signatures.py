"""Check signatures and open encrypted numbers, written from the platforms' documents alone."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ZONE = ZoneInfo("Asia/Shanghai")
FORM_KEYS = {"appid", "data", "format", "method", "nonce", "sign", "timestamp", "version"}
BODY_KEYS = {"api_key", "api_version", "method", "nonce", "signature", "timestamp"}


class Refused(Exception):
    """A call that the platform refuses at once, with its code."""

    def __init__(self, code: int, message: str) -> None:
        """Keep the code and the message."""
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Call:
    """A call whose signature is right."""

    app_id: str
    method: str
    nonce: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Scheme:
    """How one kind of platform signs and encrypts. `window`: how far a caller's clock may be off."""

    name: str
    window: timedelta = timedelta(minutes=10)

    def open(self, query: str, body: bytes, secrets: dict[str, str], now: datetime) -> Call:
        """Check a call. Raises Refused."""
        fields, signed = self._fields(query, body)
        app_id = fields["api_key" if self.name == "md5-body" else "appid"]
        secret = secrets.get(app_id)
        if secret is None:
            raise Refused(-3, "无API访问权限")
        sign = fields["signature" if self.name == "md5-body" else "sign"]
        if not hmac.compare_digest(self._expected(signed, secret).encode(), sign.encode()):
            raise Refused(-2, "签名校验错误")
        if abs(self._time(fields["timestamp"]) - now) > self.window:
            raise Refused(-1, "请求参数错误: timestamp 与服务器时间相差过大")
        return Call(app_id, fields["method"], fields["nonce"], _object(signed["data" if "data" in signed else "body"]))

    def open_number(self, sealed: str, secret: str) -> str:
        """Decrypt the number of an id document. Raises Refused."""
        try:
            if self.name == "national":
                return _aes(base64.b64decode(sealed, validate=True), secret)
            if not sealed.startswith("des:"):
                raise ValueError
            return _des(bytes.fromhex(sealed[4:]), secret)
        except (ValueError, binascii.Error, UnicodeDecodeError):
            raise Refused(-1, "请求参数错误: idCardNumber 解密失败") from None

    def seal_number(self, number: str, secret: str) -> str:
        """Encrypt a number for an answer."""
        if self.name == "national":
            key = secret.encode()
            encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
            return base64.b64encode(encryptor.update(_pad(number, 16)) + encryptor.finalize()).decode()
        cipher = Cipher(TripleDES(secret.encode()[:8] * 3), modes.ECB()).encryptor()
        return "des:" + (cipher.update(_pad(number, 8)) + cipher.finalize()).hex()

    def _fields(self, query: str, body: bytes) -> tuple[dict[str, str], dict[str, str]]:
        """Return all fields, and those that the signature covers."""
        try:
            pairs = parse_qsl(query if self.name == "md5-body" else body.decode(), True, True)
            text = body.decode()
        except (ValueError, UnicodeDecodeError):
            raise Refused(-1, "请求参数错误") from None
        fields, keys = dict(pairs), BODY_KEYS if self.name == "md5-body" else FORM_KEYS
        if set(fields) != keys or len(pairs) != len(keys):
            raise Refused(-1, "请求参数错误: 缺少或多余的参数")
        if self.name != "md5-body" and (fields["format"], fields["version"]) != ("json", "1.0"):
            raise Refused(-1, "请求参数错误: format, version")
        signed = {key: value for key, value in fields.items() if key not in {"sign", "signature"}}
        return fields, signed | ({"body": text} if self.name == "md5-body" else {})

    def _expected(self, signed: dict[str, str], secret: str) -> str:
        names = sorted(signed)
        if self.name == "national":
            text = "&".join([f"{name}={signed[name]}" for name in names] + [f"appsecret={secret}"])
            return hashlib.sha256(text.lower().encode()).hexdigest()
        if self.name == "md5":
            text = "&".join(f"{name}={signed[name]}" for name in names) + secret
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        text = secret + "".join(name + signed[name] for name in names) + secret
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()

    def _time(self, text: str) -> datetime:
        try:
            if self.name == "md5":  # milliseconds are what %f calls microseconds with zeros behind
                return datetime.strptime(f"{text}000", "%Y%m%d%H%M%S%f").replace(tzinfo=ZONE)
            pattern = "%Y-%m-%d %H:%M:%S" if self.name == "md5-body" else "%Y%m%d%H%M%S"
            return datetime.strptime(text, pattern).replace(tzinfo=ZONE)
        except ValueError:
            raise Refused(-1, "请求参数错误: timestamp") from None


SCHEMES = {
    "national": Scheme("national"),
    "md5": Scheme("md5", timedelta(minutes=6)),
    "md5-body": Scheme("md5-body", timedelta(minutes=6)),
}


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        raise Refused(-1, "请求参数错误: data") from None
    if not isinstance(data, dict):
        raise Refused(-1, "请求参数错误: data")
    return data


def _aes(sealed: bytes, secret: str) -> str:
    key = secret.encode()
    opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    return _unpad(opener.update(sealed) + opener.finalize(), 16)


def _des(sealed: bytes, secret: str) -> str:
    opener = Cipher(TripleDES(secret.encode()[:8] * 3), modes.ECB()).decryptor()
    return _unpad(opener.update(sealed) + opener.finalize(), 8)


def _pad(text: str, size: int) -> bytes:
    data = text.encode()
    missing = size - len(data) % size
    return data + bytes([missing]) * missing


def _unpad(data: bytes, size: int) -> str:
    if not data or not 1 <= data[-1] <= size or data[-data[-1] :] != bytes([data[-1]]) * data[-1]:
        raise ValueError("padding")
    return data[: -data[-1]].decode()
