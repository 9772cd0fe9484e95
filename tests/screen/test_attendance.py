"""Passages at this gate as attendance, one line per worker and day."""

from datetime import UTC, datetime, timedelta, timezone

from edge.core.domain import WorkerPassage
from edge.core.domain.visitors import new_visitor_id
from edge.screen.history.attendance_view import row
from edge.screen.history.reader import HistoryReader
from edge.screen.journal.attendance import AttendanceDay, attendance
from edge.screen.translations import load_all

SITE = timezone(timedelta(hours=8))
DAY = datetime(2026, 11, 20, tzinfo=SITE)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return DAY.replace(hour=hour, minute=minute) + timedelta(days=day)


def lines(*passages: tuple[str, datetime, bool]) -> list[AttendanceDay]:
    rows = [WorkerPassage(worker_id, utc.timestamp(), inwards) for worker_id, utc, inwards in passages]
    return attendance(rows, lambda utc: utc.astimezone(SITE))


def test_ok__stays_of_a_day_add_up() -> None:
    (line,) = lines(("w", at(0, 7), True), ("w", at(0, 12), False), ("w", at(0, 13), True), ("w", at(0, 18, 30), False))
    assert (line.day, line.first_in, line.last_out) == (DAY.date(), at(0, 7), at(0, 18, 30))
    assert (line.entries, line.exits, line.seconds, line.open, line.missing_entry) == (2, 2, 10.5 * 3600, False, False)


def test_ok__a_night_shift_is_one_day_by_the_sites_clock() -> None:
    (line,) = lines(("w", at(0, 20), True), ("w", at(1, 1), False), ("w", at(1, 2), True), ("w", at(1, 6), False))
    assert (line.day, line.seconds) == (DAY.date(), 9 * 3600)


def test_ok__visitors_are_left_out() -> None:
    visitor = new_visitor_id()
    (line,) = lines(
        ("w", at(0, 7), True), (visitor, at(0, 8), True), (visitor, at(0, 9), False), ("w", at(0, 12), False)
    )
    assert (line.worker_id, line.seconds) == ("w", 5 * 3600)


def test_ok__the_same_passage_again_counts_once() -> None:
    (line,) = lines(("w", at(0, 7), True), ("w", at(0, 7, 4), True), ("w", at(0, 9), False), ("w", at(0, 9, 1), False))
    assert (line.entries, line.exits, line.seconds) == (1, 1, 2 * 3600)


def test_fail__what_is_missing_adds_no_time() -> None:
    no_entry, no_exit, too_long, late = lines(
        ("a", at(0, 17), False), ("b", at(0, 7), True), ("c", at(0, 7), True), ("c", at(1, 8), False)
    )
    assert (no_entry.missing_entry, no_entry.first_in, no_entry.seconds) == (True, None, 0)
    assert (no_exit.open, no_exit.last_out, no_exit.seconds) == (True, None, 0)
    assert (too_long.day, too_long.open, too_long.seconds) == (DAY.date(), True, 0)
    assert (late.day, late.missing_entry, late.seconds) == ((DAY + timedelta(days=1)).date(), True, 0)


def test_ok__who_came_in_today_has_no_exit_yet() -> None:
    (line,) = lines(("w", at(0, 7), True))
    today, texts = DAY.date(), load_all()["en"]
    remarks = [row(line, HistoryReader(), texts, day).remark for day in (today, today + timedelta(days=1))]
    assert remarks == ["no exit yet", "no exit"]


def test_fail__a_clock_that_was_set_back_makes_no_negative_time() -> None:
    found = lines(("w", at(0, 9), True), ("w", at(0, 8), False), ("x", datetime.fromtimestamp(0, UTC), True))
    assert [line.seconds for line in found] == [0, 0]
    assert not attendance([WorkerPassage("w", 1e18, True), WorkerPassage("w", float("inf"), True)], datetime.astimezone)
