"""Who is signed in. Sessions live in memory: a restart of the screen signs everybody out."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from edge.core.lockout import PER_ACCOUNT
from edge.screen.access.attempts import RESTART_PAUSE_S, Attempts, Visitor, device_token, known_device
from edge.screen.access.passwords import password_matches
from edge.screen.access.roles import Role, role_named
from edge.screen.access.sign_in_queue import SignInQueue
from edge.screen.ports import GuardDesk

IDLE_MAX = timedelta(minutes=30)
LASTS_MAX = timedelta(hours=12)
SESSIONS_MAX = 50
SESSIONS_OF_ONE_MAX = 5
SIGNED_IN, SIGN_IN_REFUSED, SIGN_IN_PAUSED = "signed in", "sign-in refused", "sign-in paused"
"""Words of the audit trail."""
STRANGER = "(no such account)"
REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Session:
    """`token` is the cookie's, `form_token` stands in every form of the session's pages. `stored` is the password's
    stored form at the sign-in: a new password ends the session."""

    name: str
    stored: str = field(repr=False)
    role: Role
    since: datetime
    used: datetime
    device: str = field(default="", repr=False)
    """For the browser to keep: others who try this name do not hold it up."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    kept: bool = False
    """Of a screen that stays signed in (`edge.screen.access.kept_screens`)."""


class Refusal(StrEnum):
    WRONG = "wrong"
    PAUSED = "paused"


class Sessions:
    """`address` below: the user or machine at the other end; `device`: what its browser kept of an earlier sign-in."""

    def __init__(self, desk: GuardDesk, now: Callable[[], datetime]) -> None:
        self._desk, self._now = desk, now
        self._open: dict[str, Session] = {}
        self._strangers, self._known = SignInQueue(), SignInQueue()
        self._attempts = Attempts(self._closed_until_s())

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a cookie, if it is still good. Using it keeps it alive; a page that only renews itself does
        not."""
        found, now = self._open.get(token), self._now()
        if found is None:
            return None
        if (
            now - found.used > IDLE_MAX
            or now - found.since > LASTS_MAX
            or self._desk.password(found.name) != found.stored
        ):
            del self._open[token]
            return None
        role = role_named(self._desk.role(found.name))
        if used or role is not found.role:
            self._open[token] = replace(found, used=now if used else found.used, role=role)
        return self._open[token]

    async def sign_in(self, name: str, password: str, address: str = "", device: str = "") -> Session | Refusal:
        """Sign in. Sign-ins run one at a time, so that many at once are counted too. Raises DeskError."""
        browser = known_device(device, name, self._desk.password(name))
        visitor = browser or Visitor(address)
        queue = self._known if browser else self._strangers
        async with queue.turn(visitor) as has_turn:
            return await self._check(name, password, visitor) if has_turn else Refusal.PAUSED

    def sign_out(self, token: str) -> None:
        self._open.pop(token, None)

    async def _check(self, name: str, password: str, visitor: Visitor) -> Session | Refusal:
        stored, now_s = self._desk.password(name), self._now().timestamp()
        if self._attempts.paused(name, visitor, now_s):
            if self._attempts.first_of_pause(name, visitor):
                self._record(name, stored, SIGN_IN_PAUSED, f"from {visitor}: too many wrong passwords")
            return Refusal.PAUSED
        if not await asyncio.to_thread(password_matches, password, stored) or stored is None:
            self._attempts.wrong(name, visitor, now_s)
            self._record(name, stored, SIGN_IN_REFUSED, f"from {visitor}")
            return Refusal.WRONG
        self._attempts.right(name, visitor)
        return self.open(name, stored)

    def open(self, name: str, stored: str) -> Session:
        """Open a session for an account whose password was checked. Raises DeskError."""
        self._desk.audit(name, SIGNED_IN)
        role = role_named(self._desk.role(name))
        session = Session(name, stored, role, self._now(), self._now(), device_token(name, stored))
        self._open[session.token] = session
        self._drop_oldest([s for s in self._open.values() if s.name == name], SESSIONS_OF_ONE_MAX)
        self._drop_oldest(list(self._open.values()), SESSIONS_MAX)
        return session

    def _drop_oldest(self, those: list[Session], keep: int) -> None:
        for session in those[: max(0, len(those) - keep)]:
            del self._open[session.token]

    def _record(self, name: str, stored: str | None, what: str, detail: str) -> None:
        """Record a sign-in, right or wrong, in one transaction, so that the time reveals nothing.

        Strangers share one line. A name may be a password typed in the wrong field, and many of them must not fill
        the disk.
        """
        if stored is None:
            self._desk.audit_repeated(STRANGER, what, detail)
        else:
            self._desk.audit(name, what, detail)

    def _closed_until_s(self) -> float:
        """End of the pause after a start.

        A restart must not make guessing faster, nor reveal which names exist. For a while all strangers wait.
        """
        now, wrong = self._now(), Counter[str]()
        for utc, who, what, _ in reversed(self._desk.audit_trail(REMEMBERED)):
            if what == SIGNED_IN:
                del wrong[who]
            elif what == SIGN_IN_REFUSED and who != STRANGER and (now - utc).total_seconds() < PER_ACCOUNT.forget_s:
                wrong[who] += 1
        guessed = any(count >= PER_ACCOUNT.free for count in wrong.values())
        return now.timestamp() + RESTART_PAUSE_S if guessed else 0.0
