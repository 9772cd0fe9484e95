"""desk.db as the screen uses it: requests and accounts, and also visitors and acknowledged alarms."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from edge.core.domain import VISITOR, VISITOR_LEFT, VisitorLeftRequest, VisitorPass, VisitorRequest
from edge.core.domain.alarms import Acknowledgement
from edge.core.domain.visitors import (
    VISIT_MAX,
    VisitorDetails,
    VisitRecord,
    badge_digest,
    new_badge,
    new_visitor_id,
)
from edge.core.ports import DeskError
from edge.storage import desk_tables, kept_screen_tables, sqlite_file, visitor_tables
from edge.storage.desk import DeskWriter
from edge.storage.desk_tables import RequestRow
from edge.storage.kept_screen_tables import KeptScreenRow
from edge.storage.visitor_tables import AcknowledgementRow, VisitRow

SHOWN_MAX = 1000
ACKNOWLEDGEMENTS_KEPT = timedelta(days=400)
KEPT_SCREENS_MAX = 20


class DeskStore(DeskWriter):
    """The writing side with visitors and alarms. Each method raises DeskError if the disk refuses."""

    # --- visitors ---

    def register_visitor(self, details: VisitorDetails, by: str, until: datetime) -> tuple[str, str]:
        """Store a visit, and ask the gate to record its pass. Return the visitor's id, and the text of the badge.

        The badge's text is stored nowhere: only its digest is. Raises DeskError also for too many visits.
        """
        badge, now = new_badge(), self._now()
        made = VisitorPass(new_visitor_id(), badge_digest(badge), now, min(until, now + VISIT_MAX))
        with self._writing():
            if visitor_tables.count_lasting(self._db) >= visitor_tables.PASSES_MAX:
                raise DeskError(f"{visitor_tables.PASSES_MAX} visits last already: end those that are over")
            row = VisitRow(
                made.visitor_id,
                made.badge,
                made.from_utc.isoformat(),
                made.until_utc.isoformat(),
                details.model_dump_json(),
                now.isoformat(),
                by,
            )
            visitor_tables.add_visit(self._db, row)
            self._add_pass(made, by, now)
        return made.visitor_id, badge

    def renew_badge(self, visitor_id: str, by: str, until: datetime) -> str | None:
        """Give a visitor another badge, so that the old one admits nobody. Return its text, None without a visit."""
        badge, now = new_badge(), self._now()
        made = VisitorPass(visitor_id, badge_digest(badge), now, min(until, now + VISIT_MAX))
        with self._writing():
            begins, ends = made.from_utc.isoformat(), made.until_utc.isoformat()
            if not visitor_tables.set_pass(self._db, visitor_id, made.badge, begins, ends):
                return None
            self._add_pass(made, by, now)
        return badge

    def end_visit(self, visitor_id: str, by: str) -> bool:
        """End a visit: its badge admits nobody from now on. Ask the gate to record that the visitor left.

        Return False if no such visit lasts.
        """
        now = self._now()
        with self._writing():
            if not visitor_tables.end_visit(self._db, visitor_id, now.isoformat(), by):
                return False
            wanted = VisitorLeftRequest(by=by, visitor_id=visitor_id, asked_utc=now)
            ref = f"{VISITOR_LEFT}-{secrets.token_hex(16)}"
            row = RequestRow(ref, VISITOR_LEFT, wanted.model_dump_json(), now.isoformat(), by)
            desk_tables.add_request(self._db, row)
            self._note(by, VISITOR_LEFT, f"{visitor_id}, {ref}")
        return True

    def visit(self, visitor_id: str) -> VisitRecord | None:
        """Return one visit, or None."""
        with self._reading():
            row = visitor_tables.visit(self._db, visitor_id)
        return _visit(row) if row else None

    def visits(self) -> list[VisitRecord]:
        """Return the newest visits: first those that last."""
        with self._reading():
            rows = visitor_tables.visits(self._db, SHOWN_MAX)
        return [made for row in rows if (made := _visit(row)) is not None]

    def forget_visitors(self, kept: timedelta) -> int:
        """End visits whose time is over by a day, and forget those that ended longer ago than `kept`.

        A visitor who is still inside stays named until then. Return how many were forgotten.
        """
        now = self._now()
        with self._writing():
            visitor_tables.end_expired(self._db, (now - timedelta(days=1)).isoformat(), now.isoformat())
            removed = visitor_tables.remove_visits_ended_before(self._db, (now - kept).isoformat())
            visitor_tables.remove_acknowledgements_before(self._db, (now - ACKNOWLEDGEMENTS_KEPT).isoformat())
        if removed:
            sqlite_file.checkpoint_patiently(self._db)  # From the log too: it holds what was deleted.
        return removed

    def _add_pass(self, made: VisitorPass, by: str, now: datetime) -> None:
        wanted = VisitorRequest(
            by=by,
            visitor_id=made.visitor_id,
            badge=made.badge,
            from_utc=made.from_utc,
            until_utc=made.until_utc,
            asked_utc=now,
        )
        row = RequestRow(made.ref, VISITOR, wanted.model_dump_json(), now.isoformat(), by)
        desk_tables.add_request(self._db, row)
        self._note(by, VISITOR, f"{made.visitor_id}, {made.ref}")

    # --- screens that stay signed in ---

    def keep_screen(self, token: str, name: str, password: str, since: datetime, until: datetime) -> None:
        """Store a screen. `token` and `password` are digests."""
        with self._writing():
            row = KeptScreenRow(token, name, password, since.isoformat(), until.isoformat())
            kept_screen_tables.add(self._db, row, KEPT_SCREENS_MAX)

    def kept_screen(self, token: str) -> tuple[str, str, datetime, datetime] | None:
        """Return name, digest of the password, since and until of a screen."""
        row = kept_screen_tables.find(self._db, token)
        if row is None:
            return None
        return row.name, row.password, datetime.fromisoformat(row.since_utc), datetime.fromisoformat(row.until_utc)

    def end_kept_screen(self, token: str) -> bool:
        """Remove a screen. Return False if there is none."""
        with self._writing():
            return kept_screen_tables.remove(self._db, token)

    # --- alarms ---

    def acknowledge(self, epoch: str, seq: int, by: str, note: str) -> bool:
        """Store who acknowledged an alarm. Return False if somebody did before."""
        with self._writing():
            row = AcknowledgementRow(epoch, seq, self._now().isoformat(), by, note)
            first = visitor_tables.acknowledge(self._db, row)
            if first:
                self._note(by, "acknowledged an alarm", f"event {seq} of {epoch}")
        return first

    def acknowledgements(self, epoch: str) -> dict[int, Acknowledgement]:
        """Return who acknowledged which alarm of a journal, by event number."""
        with self._reading():
            rows = visitor_tables.acknowledgements(self._db, epoch, SHOWN_MAX)
        return {row.seq: Acknowledgement(row.by, datetime.fromisoformat(row.utc), row.note) for row in rows}

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raise DeskError if the file cannot be read."""
        try:
            yield
        except sqlite3.Error as error:
            raise DeskError(
                f"desk.db cannot be read ({error}): restart the screen process, which makes a new one"
            ) from error


def _visit(row: VisitRow) -> VisitRecord | None:
    try:
        return VisitRecord(
            VisitorPass(
                row.visitor_id,
                row.badge,
                datetime.fromisoformat(row.from_utc),
                datetime.fromisoformat(row.until_utc),
            ),
            VisitorDetails.model_validate_json(row.details),
            row.by,
            datetime.fromisoformat(row.created_utc),
            datetime.fromisoformat(row.ended_utc) if row.ended_utc else None,
            row.ended_by,
        )
    except (ValidationError, ValueError):
        structlog.get_logger().warning("desk.visit_unreadable")
        return None
