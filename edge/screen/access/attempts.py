"""How often somebody may try a password.

Tries are counted for each pair of a name and a visitor, so that nobody locks out anybody else. A name that does not
exist is counted in the same way and gets the same answers. A stranger does not learn which names exist.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from edge.core.lockout import PER_ACCOUNT, PER_KNOWN_BROWSER, BurstLockout

PAIRS_MAX = 2_000
RESTART_PAUSE_S = 30.0
"""After a restart in the middle of guessing at an account, only known browsers may sign in at once."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who tries a password. `name`: the user or machine at the other end; of a known browser its number."""

    name: str
    known_browser: bool = False
    """It has signed in under the same account before."""

    def __str__(self) -> str:
        return f"device {self.name}" if self.known_browser else self.name


class Attempts:
    """The wrong passwords of each pair. Names are not kept: what was typed there may be a password."""

    def __init__(self, closed_until_s: float = 0.0) -> None:
        self._closed_until_s = closed_until_s
        self._secret = secrets.token_bytes(32)
        self._pairs: dict[bytes, BurstLockout] = {}
        self._told: set[bytes] = set()

    def paused(self, name: str, visitor: Visitor, now_s: float) -> bool:
        """True while passwords of this pair are not checked."""
        closed = now_s < self._closed_until_s and not visitor.known_browser
        return closed or self._pairs.get(self._pair(name, visitor), BurstLockout()).paused(now_s)

    def first_of_pause(self, name: str, visitor: Visitor) -> bool:
        """True once for each pause of a pair, so that it is recorded once."""
        pair = self._pair(name, visitor)
        first = pair not in self._told
        self._told.add(pair)
        return first

    def wrong(self, name: str, visitor: Visitor, now_s: float) -> None:
        pair = self._pair(name, visitor)
        limit = PER_KNOWN_BROWSER if visitor.known_browser else PER_ACCOUNT
        self._pairs[pair] = self._pairs.get(pair, BurstLockout()).after_wrong(limit, now_s)
        self._told.discard(pair)
        if len(self._pairs) > PAIRS_MAX:
            least = min(self._pairs, key=lambda p: (self._pairs[p].wrong, self._pairs[p].last_s))
            del self._pairs[least]
        self._told &= self._pairs.keys()

    def right(self, name: str, visitor: Visitor) -> None:
        self._pairs.pop(self._pair(name, visitor), None)

    def _pair(self, name: str, visitor: Visitor) -> bytes:
        return hashlib.blake2b(f"{visitor}\0{name}".encode(errors="replace"), key=self._secret).digest()


def device_token(name: str, stored: str) -> str:
    """The token that a browser keeps after a right password.

    Only a holder of the account's stored form can make one, and a new password ends it. (OWASP: "Slow Down Online
    Guessing Attacks with Device Cookies")
    """
    nonce = secrets.token_hex(8)
    return f"{nonce}{_seal(name, stored, nonce)}"


def known_device(token: str, name: str, stored: str | None) -> Visitor | None:
    """Which browser this is, if it has signed in under this name before."""
    nonce, seal = token[:16], token[16:]
    genuine = hmac.compare_digest(seal.encode(), _seal(name, stored or "", nonce).encode())
    return Visitor(nonce, known_browser=True) if genuine and stored else None


def _seal(name: str, stored: str, nonce: str) -> str:
    return hmac.new(stored.encode(), f"desk\0{name}\0{nonce}".encode(errors="replace"), hashlib.sha256).hexdigest()
