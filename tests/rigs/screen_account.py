"""Accounts for tests of the screen's pages: a desk in memory, and sessions without a password."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette

from edge.screen.access.roles import Role
from edge.screen.access.sessions import Session
from edge.screen.access.visitor import COOKIE

STORED = "stored password"


class MemoryDesk:
    """A GuardDesk with one account for each role, named like it. It keeps what was requested."""

    def __init__(self) -> None:
        self.requested: list[Any] = []
        self.kept: dict[str, tuple[str, str, datetime, datetime]] = {}
        self.trail: list[tuple[datetime, str, str, str]] = []

    def password(self, name: str) -> str | None:
        return STORED if name in set(Role) else None

    def role(self, name: str) -> str | None:
        return name if name in set(Role) else None

    def audit_trail(self, limit: int) -> Sequence[tuple[datetime, str, str, str]]:
        return self.trail[-limit:][::-1]

    def audit(self, who: str, what: str, detail: str = "") -> None:
        self.trail.append((datetime.now(UTC), who, what, detail))

    def audit_repeated(self, who: str, what: str, detail: str) -> None:
        self.audit(who, what, detail)

    def request_admission(self, request: Any) -> str:
        return self._ask(request)

    def request_lock_down(self, request: Any, *, release: bool) -> str:
        return self._ask((request, release))

    def request_confirmation(self, request: Any) -> str:
        return self._ask(request)

    def register_visitor(self, details: Any, by: str, until: datetime) -> tuple[str, str]:
        return "visitor-0", self._ask((details, by, until))

    def renew_badge(self, visitor_id: str, by: str, until: datetime) -> str | None:
        return None

    def end_visit(self, visitor_id: str, by: str) -> bool:
        return False

    def visit(self, visitor_id: str) -> None: ...

    def visits(self) -> list[Any]:
        return []

    def acknowledge(self, epoch: str, seq: int, by: str, note: str) -> bool:
        self._ask((epoch, seq, by, note))
        return True

    def acknowledgements(self, epoch: str) -> dict[int, Any]:
        return {}

    def keep_screen(self, token: str, name: str, password: str, since: datetime, until: datetime) -> None:
        self.kept[token] = name, password, since, until

    def kept_screen(self, token: str) -> tuple[str, str, datetime, datetime] | None:
        return self.kept.get(token)

    def end_kept_screen(self, token: str) -> bool:
        return self.kept.pop(token, None) is not None

    def _ask(self, request: Any) -> str:
        self.requested.append(request)
        return f"ref-{len(self.requested)}"


def session_of(app: Starlette, role: Role = Role.MANAGER) -> Session:
    """Open a session for the account of a role. The application needs a `MemoryDesk`."""
    found: Session = app.state.sessions.open(role.value, STORED)
    return found


def signed_in(client: httpx.AsyncClient, app: Starlette, role: Role = Role.MANAGER) -> Session:
    """Sign a client in, without a password."""
    session = session_of(app, role)
    client.headers["Cookie"] = f"{COOKIE}={session.token}"
    return session
