"""Screens on this machine that stay signed in by choice. They only look: for more they ask for the password again."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from edge.screen.access.roles import RIGHTS, Right, Role, role_named
from edge.screen.access.sessions import Session
from edge.screen.ports import GuardDesk, KeptScreenStore

KEPT, KEPT_ENDED = "screen kept signed in", "kept screen ended"
"""Words of the audit trail."""
CLOCK_STEP_MAX = timedelta(days=1)
"""A screen that was kept later than this from now was kept by a clock that is set back now. It does not count."""


class KeptScreens:
    """`days`: how long a screen is kept; 0: never."""

    def __init__(self, desk: GuardDesk, store: KeptScreenStore, now: Callable[[], datetime], days: float) -> None:
        self._desk, self._store, self._now, self._lasts = desk, store, now, timedelta(days=days)

    @property
    def offered(self) -> bool:
        """True if screens may be kept at this gate."""
        return bool(self._lasts)

    def keep(self, session: Session) -> str | None:
        """Keep a screen for the account of a session. Return its token; None if it cannot be. Raises DeskError.

        An account that may not see the office's page keeps no screen.
        """
        if not self.offered or Right.SEE_OFFICE not in RIGHTS[session.role]:
            return None
        token, now = secrets.token_urlsafe(32), self._now()
        self._store.keep_screen(_digest(token), session.name, _digest(session.stored), now, now + self._lasts)
        self._desk.audit(session.name, KEPT, f"until {now + self._lasts:%Y-%m-%d}")
        return token

    def find(self, token: str) -> Session | None:
        """Return the session of a kept screen, if it is still good.

        It has a viewer's rights. A new password, another role without the office's page, or the account's end ends it.
        """
        found = self._store.kept_screen(_digest(token)) if token and self.offered else None
        if found is None:
            return None
        name, password, since, until = found
        stored, now = self._desk.password(name), self._now()
        role = role_named(self._desk.role(name))
        if stored is None or _digest(stored) != password or Right.SEE_OFFICE not in RIGHTS[role]:
            return None
        if not since - CLOCK_STEP_MAX <= now < min(until, since + self._lasts):
            return None
        form_token = _digest(f"form {token}")
        return Session(name, stored, Role.VIEWER, since, now, token=token, form_token=form_token, kept=True)

    def end(self, session: Session) -> None:
        """End a kept screen. Raises DeskError."""
        if self._store.end_kept_screen(_digest(session.token)):
            self._desk.audit(session.name, KEPT_ENDED)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
