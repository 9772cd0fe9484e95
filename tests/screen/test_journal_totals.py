"""The sum of the journal: people on site, counts, and the chain."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from screen_parts import NOW, MemoryJournal

from contract.chain import link
from contract.messages import Direction, NoticeCode, NoticeEvent, PassageOutcome, Reason
from edge.screen.journal.totals import RECENT_EVENTS, JournalTotals


def totals_of(journal: MemoryJournal) -> JournalTotals:
    totals = JournalTotals(journal.epoch)
    totals.add(journal.kept)
    return totals


def test_ok__in_minus_out_by_worker_id() -> None:
    journal = MemoryJournal()
    journal.passage("a")
    journal.passage("b", utc=NOW + timedelta(minutes=1))
    journal.passage("a", Direction.OUT)
    totals = totals_of(journal)
    assert totals.on_site == {"b": NOW + timedelta(minutes=1)}
    assert totals.people_on_site == 1


def test_ok__twice_in_is_one_person_and_out_without_in_is_nobody() -> None:
    journal = MemoryJournal()
    journal.passage("a")
    journal.passage("a", utc=NOW + timedelta(hours=1))
    journal.passage("z", Direction.OUT)
    totals = totals_of(journal)
    assert totals.on_site == {"a": NOW + timedelta(hours=1)}


def test_ok__only_a_recorded_passage_counts() -> None:
    journal = MemoryJournal()
    journal.access(Reason.GRANTED, "a")
    journal.passage("a", outcome=PassageOutcome.NOT_TAKEN)
    journal.passage(None, outcome=PassageOutcome.FORCED)
    assert totals_of(journal).people_on_site == 0


def test_ok__people_without_id_are_counted() -> None:
    journal = MemoryJournal()
    journal.passage(None)
    journal.passage(None)
    journal.passage(None, Direction.OUT)
    totals = totals_of(journal)
    assert (totals.unnamed, totals.people_on_site) == (1, 1)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.sampled_from(Direction)), max_size=30))
def test_ok__nobody_is_there_less_than_not_at_all(steps: list[tuple[str | None, Direction]]) -> None:
    journal = MemoryJournal()
    for worker_id, direction in steps:
        journal.passage(worker_id, direction)
    totals = totals_of(journal)
    last = dict(steps)
    assert {w for w in last if w and last[w] is Direction.IN} == set(totals.on_site)
    assert totals.unnamed >= 0


def test_ok__a_whole_chain_in_any_slices() -> None:
    journal = MemoryJournal()
    for _ in range(7):
        journal.access(Reason.UNKNOWN)
    totals = JournalTotals("e1")
    for record in journal.kept:
        totals.add([record])
    assert (totals.seq, totals.chain_error, totals.access[Reason.UNKNOWN]) == (7, "", 7)


def test_ok__a_pruned_journal_starts_where_it_starts() -> None:
    journal = MemoryJournal()
    for _ in range(5):
        journal.access(Reason.UNKNOWN)
    del journal.kept[:3]
    totals = totals_of(journal)
    assert (totals.since_seq, totals.seq, totals.chain_error) == (3, 5, "")


def test_fail__a_changed_event_breaks_the_chain() -> None:
    journal = MemoryJournal()
    for _ in range(3):
        journal.access(Reason.UNKNOWN)
    journal.kept[1] = journal.kept[1].model_copy(update={"body": journal.kept[1].body.replace("unknown", "granted")})
    assert "seq 2 was changed" in totals_of(journal).chain_error


def test_fail__a_hole_breaks_the_chain() -> None:
    journal = MemoryJournal()
    for _ in range(4):
        journal.access(Reason.UNKNOWN)
    del journal.kept[1]
    assert totals_of(journal).chain_error == "seq 3 follows 1"


def test_ok__an_event_of_newer_software_stays_in_the_chain() -> None:
    journal = MemoryJournal()
    first = journal.access(Reason.UNKNOWN)
    body = '{"version":"1.9","type":"weather"}'
    strange = first.model_copy(update={"seq": 2, "prev_hash": first.hash, "body": body, "hash": link(first.hash, body)})
    journal.kept.append(strange)
    journal.add(NoticeEvent, code=NoticeCode.TAMPER)
    totals = totals_of(journal)
    assert (totals.seq, totals.chain_error, len(totals.recent), totals.unread) == (3, "", 2, 1)


def test_ok__only_the_newest_events_are_kept_in_memory() -> None:
    journal = MemoryJournal()
    for _ in range(RECENT_EVENTS + 5):
        journal.access(Reason.UNKNOWN)
    assert [e.seq for e in totals_of(journal).recent] == list(range(6, RECENT_EVENTS + 6))
