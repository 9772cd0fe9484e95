"""Passwords of the people at the desk, as desk.db keeps them: scrypt (RFC 7914), each with its own salt."""

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
PASSWORD_MIN = 10
PASSWORD_MAX = 200

_N, _R, _P = 2**15, 8, 3
"""32 MiB; with p = 3 among the settings that OWASP's Password Storage Cheat Sheet holds to be equally strong."""
_MEMORY_MAX = 64 * 2**20
_BYTES = 32


class BadAccount(ValueError):
    """A name or password that cannot be used; the text says why."""


def hash_password(password: str) -> str:
    """Hash a password for desk.db.

    Raises BadAccount if it is shorter than PASSWORD_MIN or longer than PASSWORD_MAX characters.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise BadAccount(f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters; a few words are best")
    salt = secrets.token_bytes(16)
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(_scrypt(password, salt)).decode()}"


def password_matches(password: str, stored: str | None) -> bool:
    """True if `stored` was made from this password.

    Without a stored form it takes the same time, so that a stranger does not learn which names exist.
    """
    salt_text, _, hash_text = (stored or _NOBODY).partition("$")
    found = _scrypt(password[:PASSWORD_MAX], base64.b64decode(salt_text))
    return hmac.compare_digest(found, base64.b64decode(hash_text)) and stored is not None


def check_name(name: str) -> str:
    """Return the name if it is valid. Raises BadAccount."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise BadAccount("a name has 1 to 40 letters (a-z), digits, dots, hyphens or underscores")
    return name


_NOBODY = f"{base64.b64encode(bytes(16)).decode()}${base64.b64encode(bytes(_BYTES)).decode()}"


def _scrypt(password: str, salt: bytes) -> bytes:
    # NFKC: the same characters typed on another keyboard are the same password.
    data = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(data, salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY_MAX, dklen=_BYTES)
