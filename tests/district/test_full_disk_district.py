"""PROMISE: while the disk is full, pages and worker say so in one sentence, change nothing, and go on afterwards."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attendance_rig import GateJournal
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from feed_rig import Line
from id_numbers import id_number
from stdnum.cn import uscc
from two_parts import client_of
from typer.testing import CliRunner

from district.attendance.feed_handlers import handle
from district.attendance.models import Day, Passage
from district.audit import heads
from district.audit.check import check
from district.audit.models import Entry
from district.cli import app
from district.commands import feed as command
from district.exchange import feed, hand_over, outbox
from district.exchange.models import FailedEntry, FeedPosition, OutboxRow
from district.imports.models import SheetImport
from district.people.models import Person
from district.permissions import Role
from district.places.models import Enterprise
from district.web.away import is_away
from hq.database.values import JournalKey

ROOM = 1_000_000
"""Pages: more than any test fills."""
pytestmark = [
    pytest.mark.django_db(transaction=True),  # SQLite ends the whole transaction, also one around the test
    pytest.mark.skipif(connection.vendor != "sqlite", reason="it bounds the file of SQLite"),
]


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the database grow by nothing more: SQLite itself refuses, as on a full disk."""
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        _fill()
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA max_page_count = {ROOM}")


def _fill() -> None:
    """Use up the free pages, and what is free within pages of the tables that a change needs."""
    for size in (20_000, 2_000, 200, 20, 2):
        for _ in range(500):
            try:
                with transaction.atomic():
                    outbox.put(OutboxRow.Kind.SITE, "ballast", {"x": "x" * size})
            except OperationalError:
                break


def _adding(town: SmallDistrict) -> dict[str, Any]:
    return {
        "kind": "01", "number": id_number(9), "name": "王小明", "project": town.projects[0].pk, "trade": "020",
        "enterprise": town.enterprises[0].pk, "role": "20", "starts": timezone.localdate().isoformat(),
        "address": "x" * 190,
    }  # fmt: skip


def test_fail__a_page_says_so_and_stores_nothing(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.MANAGER])
    before = Person.objects.count(), Entry.objects.count()
    with full_disk():
        answer = client.post("/people/add/", _adding(town))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "its disk is full" in answer.content.decode() and "磁盘已满" in answer.content.decode()
        assert client.get(f"/people/{town.people[0].pk}/").status_code == 200, "what is there can be read"
        assert (Person.objects.count(), Entry.objects.count()) == before
    assert client.post("/people/add/", _adding(town)).status_code == 302
    assert check(heads.present_heads()).problems == []


def test_fail__a_sheet_is_applied_wholly_afterwards_and_not_at_all_before(town: SmallDistrict) -> None:
    client = client_of(town.accounts[Role.OFFICER])
    codes = [f"91440605MA4W{n:05}" for n in range(1, 41)]
    rows = [f"劳务公司{code},{code}{uscc.calc_check_digit(code)},Guicheng / Guicheng 1" for code in codes]
    text = "\n".join(["企业名称,统一社会信用代码,所属网格", *rows])
    client.post("/imports/enterprises/", {"file": SimpleUploadedFile("a.csv", text.encode())})
    one, before = SheetImport.objects.get(), Enterprise.objects.count()
    with full_disk():
        assert client.post(f"/imports/sheet/{one.pk}/apply/").status_code == 503
        assert Enterprise.objects.count() == before
    client.post(f"/imports/sheet/{one.pk}/apply/")
    assert Enterprise.objects.count() == before + 40


def test_fail__the_worker_loses_no_event_and_no_change(town: SmallDistrict, hq: TestedHq) -> None:
    line = Line(JournalKey("site-1", "gate-1", "epoch-1"))
    line.write(3)
    line.store(hq.store, 3)
    journal, now = GateJournal(), timezone.now()
    entries = [journal.passed("w-1", "in", now - timedelta(hours=h)) for h in range(600, 0, -1)]
    outbox.put_all(OutboxRow.Kind.WORKER, ["w-1"])
    with full_disk():
        with pytest.raises(OperationalError, match="full") as error:
            handle(entries)
        assert is_away(error.value)
        assert not Passage.objects.exists() and not FailedEntry.objects.exists()
    handle(entries)
    while feed.read_feed() or hand_over.hand_over():
        pass
    assert (Passage.objects.count(), FeedPosition.objects.get().error) == (600, "")
    assert Day.objects.exists() and hq.worker("w-1") is not None


def test_fail__files_of_the_worker_and_commands_say_it_in_one_sentence(
    town: SmallDistrict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_away(OSError(errno.ENOSPC, "No space left on device")) and not is_away(FileNotFoundError())

    def away(_folder: Path) -> None:
        raise OperationalError("database or disk is full\nDETAIL: value")

    monkeypatch.setattr(command, "opened", away)
    found = CliRunner().invoke(app, ["feed", "retry"])
    assert (found.exit_code, "whether its disk is full" in found.output, "report it" in found.output) == (
        1,
        True,
        False,
    )
