"""What counts as a gap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from contract.messages import GateStatus, Health
from hq.reports.gaps import GapKind, GateFacts, JournalFacts, find

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=5)
JOURNAL = JournalFacts(
    site_id="s",
    gate_id="g",
    epoch="e-1",
    begun=1,
    acknowledged=10,
    held=10,
    quarantined=0,
    first_codes=("gate_started",),
    last_code="granted",
    clock_trusted=True,
    moved_utc=NOW - timedelta(hours=3),
)


def _gate(unsent: int = 0, oldest_s: float = 0, seen: timedelta = timedelta(0), **status: bool) -> GateFacts:
    health = Health(gate_id="g", site_id="s", utc=NOW, unsent_events=unsent, oldest_unsent_s=oldest_s)
    told = GateStatus(gate_id="g", site_id="s", **{"online": True, **status})
    return GateFacts("s", "g", told, health, NOW - seen)


def _kinds(*journals: JournalFacts, gate: GateFacts | None = None) -> list[GapKind]:
    return [gap.kind for gap in find(journals, [gate or _gate()], NOW, PATIENCE)]


def test_ok__a_quiet_gate_has_no_gap() -> None:
    assert _kinds(JOURNAL) == []
    assert find([], [], NOW, PATIENCE) == []
    assert _kinds(JOURNAL, gate=_gate(unsent=1, oldest_s=2)) == []  # its first event in hours, on its way


def test_fail__rows_that_are_gone_and_events_that_did_not_verify() -> None:
    (hole, doubt) = find([replace(JOURNAL, held=7, quarantined=2)], [_gate()], NOW, PATIENCE)
    assert (hole.kind, hole.missing) == (GapKind.HOLE, 3)
    assert doubt.kind is GapKind.NOT_VERIFIED
    assert "2 events" in doubt.detail


def test_fail__a_second_line_of_a_journal_is_told_once_and_is_no_hole() -> None:
    branch = replace(
        JOURNAL, epoch="e-1~0123456789ab", begun=4, acknowledged=9, held=4, base=5, parting="whole, but parts"
    )
    assert _kinds(JOURNAL, branch) == [GapKind.BRANCH]
    assert _kinds(replace(branch, held=3)) == [GapKind.BRANCH, GapKind.HOLE]


def test_ok__a_journal_that_was_set_aside_after_an_orderly_stop() -> None:
    before = replace(JOURNAL, last_code="gate_stopped")
    after = replace(JOURNAL, epoch="e-2", begun=11, first_codes=("journal_restarted", "gate_started"))
    assert _kinds(after, before) == []


def test_fail__a_second_journal_that_nobody_announced() -> None:
    after = replace(JOURNAL, epoch="e-2", begun=11)
    found = find([after, JOURNAL], [_gate()], NOW, PATIENCE)
    assert [(gap.kind, gap.epoch) for gap in found] == [
        (GapKind.UNEXPLAINED_EPOCH, "e-2"),
        (GapKind.ENDS_OPEN, "e-1"),
    ]


def test_fail__a_gate_that_does_not_get_on() -> None:
    (gap,) = find([JOURNAL], [_gate(unsent=40, oldest_s=900)], NOW, PATIENCE)
    assert (gap.kind, gap.missing, gap.epoch) == (GapKind.STUCK, 40, "e-1")
    assert "40 events after 10" in gap.detail


def test_fail__silence_unless_it_was_planned_and_a_clock_that_lies() -> None:
    late = timedelta(minutes=6)
    assert _kinds(JOURNAL, gate=_gate(seen=late)) == [GapKind.SILENT]
    assert _kinds(JOURNAL, gate=_gate(seen=late, online=False)) == [GapKind.SILENT]
    assert _kinds(JOURNAL, gate=_gate(seen=late, online=False, planned=True)) == []
    assert _kinds(replace(JOURNAL, clock_trusted=False)) == [GapKind.CLOCK]
