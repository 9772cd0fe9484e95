"""Cards and PINs as the roster carries them: digests only, made by HQ and compared at the gate."""

import base64
import hashlib
import hmac
import re
import secrets

PIN_PATTERN = r"^[0-9]{4,12}$"
CARD_PATTERN = r"^[0-9]{1,32}$"

_SALT_BYTES, _HASH_BYTES = 16, 32
_N, _R, _P = 2**14, 8, 1
"""scrypt (RFC 7914): 16 MiB and some 0.1 s for one guess."""
_MEMORY_MAX = 32 * 2**20


def card_digest(site_id: str, number: str) -> str:
    """SHA-256 (hex) of the site id, a line feed and the card's number: what `WorkerRecord.cards` holds.

    A card's number is no secret (it is printed on the card, and any reader shows it): the digest keeps it out of sight,
    and other sites from being matched, no more.
    """
    return hashlib.sha256(f"{site_id}\n{number}".encode()).hexdigest()


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """What `WorkerRecord.pin` holds. Slow on purpose. Raises ValueError if it is not 4 to 12 digits."""
    if not re.fullmatch(PIN_PATTERN, pin):
        raise ValueError("a PIN is 4 to 12 digits")
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    return f"{_base64(salt)}${_base64(_scrypt(pin, salt))}"


def pin_matches(pin: str, stored: str) -> bool:
    """True if `stored` was made of this PIN; compared in constant time. A stored form that is none matches nothing."""
    salt_text, _, hash_text = stored.partition("$")
    try:
        salt, expected = (base64.b64decode(text, validate=True) for text in (salt_text, hash_text))
    except ValueError:  # not base64
        return False
    return len(expected) == _HASH_BYTES and hmac.compare_digest(_scrypt(pin, salt), expected)


def _scrypt(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY_MAX, dklen=_HASH_BYTES)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
