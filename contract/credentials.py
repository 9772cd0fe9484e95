"""Cards and PIN codes as the roster carries them: digests only. HQ makes them, the gate compares."""

import base64
import hashlib
import hmac
import re
import secrets

PIN_CODE_PATTERN = r"^[0-9]{4,12}$"
CARD_PATTERN = r"^[0-9]{1,32}$"

_SALT_BYTES, _HASH_BYTES = 16, 32
_N, _R, _P = 2**14, 8, 1
"""Parameters of scrypt (RFC 7914): 16 MiB of memory and about 0.1 s for each guess."""
_MEMORY_MAX = 32 * 2**20


def card_digest(site_id: str, number: str) -> str:
    """Return SHA-256 (hex) of the site id, a line feed and the card's number, for `WorkerRecord.cards`.

    A card's number is no secret: it is printed on the card, and any reader shows it. The digest only hides it from a
    glance, and makes the cards of two sites incomparable.
    """
    return hashlib.sha256(f"{site_id}\n{number}".encode()).hexdigest()


def hash_pin_code(pin: str, salt: bytes | None = None) -> str:
    """Return the hash of a PIN code, for `WorkerRecord.pin`. Slow on purpose. Raises ValueError if it is not 4 to 12
    digits."""
    if not re.fullmatch(PIN_CODE_PATTERN, pin):
        raise ValueError("a PIN is 4 to 12 digits")
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    return f"{_base64(salt)}${_base64(_scrypt(pin, salt))}"


def pin_code_matches(pin: str, stored: str) -> bool:
    """Return True if `stored` was made of this PIN code. Compares in constant time. An invalid `stored` matches
    nothing."""
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
