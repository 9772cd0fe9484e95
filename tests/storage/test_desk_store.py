"""desk.db keeps visitors and acknowledged alarms: no badge in clear, nothing longer than asked for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.messages import DirectoryEntry
from edge.core.domain import VISITOR, VISITOR_LEFT, VisitorRequest
from edge.core.domain.visitors import VisitorDetails
from edge.core.ports import DeskError
from edge.replica.directory import DirectoryList
from edge.screen.visitors.names import VisitorNames
from edge.storage import visitor_tables
from edge.storage.desk import DeskReader
from edge.storage.desk_store import DeskStore

DETAILS = VisitorDetails(name="Zaphod Unusual", host="w-1", purpose="inspection")
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


class Book:
    """A desk with a clock in the test's hand, and the gate's reader beside it."""

    def __init__(self, path: Path) -> None:
        self.path, self.now = path, NOW
        self.desk, self.reader = DeskStore(path, now=lambda: self.now), DeskReader(path)

    def register(self, hours: float = 8) -> tuple[str, str]:
        return self.desk.register_visitor(DETAILS, "anna", self.now + timedelta(hours=hours))

    def holds(self, text: str) -> bool:
        files = self.path.parent.iterdir()
        return any(text.encode() in file.read_bytes() for file in files)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "desk.db")
    yield made
    made.desk.close()
    made.reader.close()


def test_ok__the_gate_reads_a_pass_without_the_name_and_no_file_holds_the_badge(book: Book) -> None:
    visitor_id, badge = book.register(hours=100)
    (found,) = book.reader.visitor_passes()
    (request,) = book.reader.requests(0)
    assert (found.visitor_id, found.until_utc) == (visitor_id, NOW + timedelta(hours=24)), "at most a day"
    assert (request.kind, request.ref) == (VISITOR, found.ref)
    assert VisitorRequest.model_validate_json(request.body).visitor_pass == found
    assert "Zaphod" not in request.body and not book.holds(badge)


def test_ok__a_visit_ends_once_and_its_name_is_forgotten_in_the_file_too(book: Book) -> None:
    visitor_id, _ = book.register()
    assert book.desk.end_visit(visitor_id, "bo") and not book.desk.end_visit(visitor_id, "bo")
    assert book.reader.visitor_passes() == [] and book.reader.requests(0)[-1].kind == VISITOR_LEFT
    assert book.desk.renew_badge(visitor_id, "bo", NOW) is None
    book.now += timedelta(days=14, seconds=1)
    assert book.desk.forget_visitors(timedelta(days=15)) == 0
    assert book.holds("Zaphod") and book.desk.visits()[0].ended_by == "bo"
    assert book.desk.forget_visitors(timedelta(days=14)) == 1
    assert book.desk.visits() == [] and not book.holds("Zaphod")


def test_ok__a_visit_that_nobody_ended_ends_by_itself_a_day_later(book: Book) -> None:
    book.register(hours=2)
    book.now += timedelta(hours=25)
    assert book.desk.forget_visitors(timedelta(0)) == 0 and book.desk.visits()[0].ended_utc is None
    book.now += timedelta(hours=2)
    book.desk.forget_visitors(timedelta(days=1))
    assert book.desk.visits()[0].ended_utc == book.now


def test_fail__more_visits_than_the_gate_reads_are_not_registered(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_tables, "PASSES_MAX", 2)
    book.register()
    book.register()
    with pytest.raises(DeskError, match="2 visits last already"):
        book.register()
    assert len(book.desk.visits()) == 2 and len(book.reader.requests(0)) == 2


def test_ok__an_alarm_is_acknowledged_once_by_the_first(book: Book) -> None:
    assert book.desk.acknowledge("e1", 7, "anna", "door closed")
    assert not book.desk.acknowledge("e1", 7, "bo", "")
    found = book.desk.acknowledgements("e1")[7]
    assert (found.by, found.utc, found.note) == ("anna", NOW, "door closed")
    assert book.desk.acknowledgements("e2") == {}, "another journal begins without any"
    assert ("anna", "acknowledged an alarm") in [(who, what) for _, who, what, _ in book.desk.audit_trail(9)]


def test_ok__a_file_of_the_version_before_gets_the_tables(book: Book) -> None:
    book.desk.close()
    old = book.path.with_name("old.db")
    first = DeskReader(old)
    assert first.visitor_passes() == []
    DeskStore(old).close()
    assert first.visitor_passes() == []
    first.close()


def test_fail__a_file_that_cannot_be_read_is_one_clear_error_and_takes_no_workers_name(book: Book) -> None:
    directory = DirectoryList(1, NOW, {"w-1": DirectoryEntry(worker_id="w-1", name="Wang Wei")})
    names = VisitorNames(lambda: directory, book.desk)
    visitor, _ = book.register()
    book.desk._db.execute("DROP TABLE visitors")
    book.desk._db.execute("DROP TABLE acknowledged")
    for read in (book.desk.visits, lambda: book.desk.visit(visitor), lambda: book.desk.acknowledgements("e1")):
        with pytest.raises(DeskError, match="cannot be read"):
            read()
    assert names().entries["w-1"].name == "Wang Wei"
