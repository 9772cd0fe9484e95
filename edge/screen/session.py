"""Who is signed in at the desk's page. Sessions live in memory: a restart of the screen signs everybody out."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from edge.accounts import password_matches
from edge.guesses import PER_ACCOUNT, PER_SCREEN, Guesses
from edge.screen.sources import GuardDesk

IDLE_MAX = timedelta(minutes=30)
LASTS_MAX = timedelta(hours=12)
SESSIONS_MAX = 50
WAITING_MAX = 4
"""So many sign-ins may wait for the one being checked; each takes a good part of a second on purpose."""
SIGNED_IN, SIGN_IN_REFUSED, SIGN_IN_PAUSED = "signed in", "sign-in refused", "sign-in paused"
"""Words of the audit trail."""
STRANGER = "(no such account)"
REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Session:
    """`token` is the cookie's, `form_token` stands in every form of the session's pages. `stored` is the password's stored
    form at the sign-in: a new password ends the session."""

    name: str
    stored: str = field(repr=False)
    since: datetime
    used: datetime
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Refusal(StrEnum):
    WRONG = "wrong"
    PAUSED = "paused"


class Sessions:
    def __init__(self, desk: GuardDesk, now: Callable[[], datetime]) -> None:
        self._desk, self._now = desk, now
        self._open: dict[str, Session] = {}
        self._checking = asyncio.Lock()
        self._waiting = 0
        self._accounts: dict[str, Guesses] = {}
        self._everybody = Guesses()
        self._pause_told = False
        self._recall()

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a cookie, if it is still good. Using it keeps it alive; a page that only renews itself does not."""
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
        if used:
            self._open[token] = replace(found, used=now)
        return self._open[token]

    async def sign_in(self, name: str, password: str) -> Session | Refusal:
        """One at a time, so that many at once are counted too. Raises DeskError."""
        if self._waiting >= WAITING_MAX:
            return Refusal.PAUSED
        self._waiting += 1
        try:
            async with self._checking:
                return await self._check(name, password)
        finally:
            self._waiting -= 1

    def sign_out(self, token: str) -> None:
        self._open.pop(token, None)

    async def _check(self, name: str, password: str) -> Session | Refusal:
        stored, now_s = self._desk.password(name), self._now().timestamp()
        who = name if stored is not None else STRANGER  # what was typed may be a password: it is not kept
        if self._everybody.paused(now_s) or self._accounts.get(who, Guesses()).paused(now_s):
            if not self._pause_told:
                self._pause_told = True
                self._desk.audit(who, SIGN_IN_PAUSED, "too many wrong passwords")
            return Refusal.PAUSED
        self._pause_told = False
        if not await asyncio.to_thread(password_matches, password, stored) or stored is None:
            self._wrong(who, now_s)
            self._desk.audit(who, SIGN_IN_REFUSED)
            return Refusal.WRONG
        self._desk.audit(name, SIGNED_IN)
        self._accounts.pop(name, None)
        session = Session(name, stored, self._now(), self._now())
        self._open[session.token] = session
        while len(self._open) > SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        return session

    def _wrong(self, who: str, now_s: float) -> None:
        self._everybody = self._everybody.after_wrong(PER_SCREEN, now_s)
        if who != STRANGER:
            self._accounts[who] = self._accounts.get(who, Guesses()).after_wrong(PER_ACCOUNT, now_s)

    def _recall(self) -> None:
        """The wrong guesses before a restart count as well."""
        for utc, who, what, _ in reversed(self._desk.trail(REMEMBERED)):
            if what == SIGN_IN_REFUSED:
                self._wrong(who, min(utc, self._now()).timestamp())
            elif what == SIGNED_IN:
                self._accounts.pop(who, None)
