"""The changing code of an entrance, and how far a phone is from it. Pure."""

import hashlib
import hmac
import math

DIGITS = 6
EARTH_M = 6_371_000
ACCURACY_MAX_M = 100
"""A phone that knows its place worse than this does not get more room by it."""


def code_at(secret: str, unix_s: float, period_s: int) -> str:
    """Return the code of a moment (HMAC-SHA256 of the period's number, as RFC 4226 cuts it)."""
    counter = int(unix_s // period_s).to_bytes(8, "big")
    digest = hmac.digest(secret.encode(), counter, hashlib.sha256)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def code_holds(secret: str, unix_s: float, period_s: int, given: str) -> bool:
    """Tell whether a code is the present one, or was a minute ago: somebody typed slowly at the change."""
    plain = "".join(sign for sign in given if sign.isdecimal())
    moments = (unix_s, unix_s - 60)
    return any(hmac.compare_digest(code_at(secret, moment, period_s).encode(), plain.encode()) for moment in moments)


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the metres between two places, each (latitude, longitude) in degrees (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(half, 1.0)))


def is_there(distance: float | None, accuracy: float | None, radius_m: int) -> bool:
    """Tell whether a phone is at the entrance, as far as it knows its own place."""
    if distance is None:
        return False
    return distance <= radius_m + min(max(accuracy or 0.0, 0.0), ACCURACY_MAX_M)
