"""Sessions in the database, as Django keeps them. Each request reads one, so the query is prepared."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField
from django.utils import timezone

from district.prepared import Given, PreparedQuery

_DATA = PreparedQuery(
    lambda: Session.objects.filter(
        session_key=Given("key", CharField()), expire_date__gt=Given("now", DateTimeField())
    ).values_list("session_data")
)


class SessionStore(DatabaseSessions):
    """Reads and keeps one session."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing of one that is over. Raises FieldKeyError."""
        row = _DATA.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None
            return {}
        held: dict[str, Any] = self.decode(row[0])
        return held
