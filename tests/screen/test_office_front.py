"""The site office's one sentence: what is said in each trouble, in order, and who is counted as inside."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from screen_parts import NOW, Held, Link, MemoryJournal, Summary, live

from contract.messages import DataTier, Direction, DirectoryEntry, DiskStep, ListKind, PolicySnapshot
from edge.core.domain import DiskState, ListAge, MusterList, MusterPerson, Recognition, SiteStandings
from edge.screen.journal.event_line import Mood
from edge.screen.journal.totals import JournalTotals
from edge.screen.office.concerns import GRAVE, Knowledge, findings
from edge.screen.office.front import front_view
from edge.screen.office.inside import ROWS_MAX, Present, Scope, by_property, presence_now
from edge.screen.office.muster import NoNames
from edge.screen.site_time import SiteTime, zone_of
from edge.screen.translations import load_all
from edge.screen.words.office import Concern

TEXTS = load_all()
EN = TEXTS["en"]
TIME = SiteTime(zone_of("Asia/Shanghai"), EN.room("time"))
HELD = {kind: Held(7, NOW - timedelta(hours=1)) for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY)}
LINKED = Summary(HELD, link=Link(True, NOW - timedelta(hours=3)))
GOOD = {
    "clock_trusted": True,
    "roster_tier": DataTier.FRESH,
    "risk_tier": DataTier.FRESH,
    "liveness": "required",
    "disk": DiskState(step=DiskStep.OK, free_mb=9000),
}
WELL = Knowledge(live(**GOOD), JournalTotals(), LINKED, None, NoNames(), NOW, warn_days=7)


def gate(**more: object) -> Knowledge:
    return replace(WELL, live=live(**(GOOD | more)))


def linked(**more: object) -> Knowledge:
    return replace(WELL, sync=replace(LINKED, **more))


def muster(*workers: str, age_s: float = 5, unnamed: int = 0) -> MusterList:
    people = tuple(MusterPerson(worker_id=who, utc=NOW - timedelta(hours=2), gate_id="gate-2") for who in workers)
    return MusterList(utc=NOW, issued_utc=NOW - timedelta(seconds=age_s), unnamed=unnamed, people=people)


def broken() -> JournalTotals:
    journal, totals = MemoryJournal(), JournalTotals("e1")
    journal.passage("w-1")
    totals.add([replace_hash(record) for record in journal.kept])
    return totals


def replace_hash(record: object) -> object:
    return record.model_copy(update={"hash": "0" * 64})  # type: ignore[attr-defined]


LONG = timedelta(hours=2)
TROUBLES = {
    Concern.FIRE: gate(gate_state="fire"),
    Concern.FIRE_OVER: gate(gate_state="fire_over"),
    Concern.NOT_RUNNING: replace(WELL, live=live(age_s=60)),
    Concern.FORCED_OPEN: gate(gate_state="forced_open"),
    Concern.HELD_OPEN: gate(gate_state="held_open"),
    Concern.CAMERA_LOST: gate(camera_ok=False),
    Concern.CLOCK_BEHIND: gate(clock_behind=True, clock_trusted=False),
    Concern.CLOCK_UNTRUSTED: gate(clock_trusted=False),
    Concern.LISTS_NOT_BELIEVED: gate(lists_refused={"roster": 9}),
    Concern.NO_ROSTER: replace(gate(roster_tier=DataTier.EXPIRED), sync=replace(LINKED, lists={})),
    Concern.NO_RISK_LIST: replace(gate(risk_tier=DataTier.EXPIRED), sync=replace(LINKED, lists={})),
    Concern.ROSTER_EXPIRED: gate(roster_tier=DataTier.EXPIRED),
    Concern.RISK_EXPIRED: gate(risk_tier=DataTier.EXPIRED),
    Concern.CHAIN_BROKEN: replace(WELL, totals=broken()),
    Concern.PHOTOS: gate(liveness="advisory"),
    Concern.DISK_CRITICAL: gate(disk=DiskState(step=DiskStep.CRITICAL, free_mb=40)),
    Concern.LOCKED_DOWN: gate(gate_state="lockdown"),
    Concern.DISK_LOW: gate(disk=DiskState(step=DiskStep.VERY_LOW, free_mb=400)),
    Concern.DISK_FILLING: gate(disk=DiskState(step=DiskStep.OK, free_mb=4000, days_left=3)),
    Concern.NO_SYNC: linked(link=None),
    Concern.BROKER_PROBLEM: linked(link=Link(True, NOW - LONG, detail="no right to write to gates/x")),
    Concern.HQ_OFFLINE: linked(link=Link(True, NOW - LONG, hq_online=False)),
    Concern.HQ_LOST: linked(link=Link(False, NOW - LONG)),
    Concern.ROSTER_STALE: gate(roster_tier=DataTier.STALE),
    Concern.RISK_STALE: gate(risk_tier=DataTier.STALE),
    Concern.PRESENCE_OLD: replace(WELL, muster=muster("w-1", age_s=600)),
    Concern.NAMES_NOT_USED: replace(WELL, names=NoNames(trouble="the directory is for site b, this is a")),
    Concern.NAMES_OLD: replace(WELL, names=NoNames(3, NOW - timedelta(days=3))),
    Concern.DRIFT: gate(recognition=Recognition(workers=5, fpir_target=0.01, tail="pack", alarms=("scores",))),
}


def test_ok__all_is_well_and_nothing_is_to_do() -> None:
    view = front_view(WELL, EN, TIME)
    assert (view.verdict.mood, view.verdict.sentence, view.verdict.todo) == (Mood.GOOD, "All is well.", "Nothing to do")
    assert view.also == ()


@pytest.mark.parametrize("concern", Concern)
def test_ok__each_trouble_is_one_sentence_and_one_next_step(concern: Concern) -> None:
    assert [finding.concern for finding in findings(TROUBLES[concern])] == [concern]
    for texts in TEXTS.values():
        said = front_view(TROUBLES[concern], texts, TIME).verdict
        assert said.mood is (Mood.BAD if concern in GRAVE else Mood.CARE)
        assert said.sentence[-1] in ".。" and said.todo and "{" not in said.sentence + said.todo


def test_ok__the_most_urgent_is_the_sentence_and_the_rest_stands_below() -> None:
    several = replace(gate(gate_state="fire", roster_tier=DataTier.STALE), sync=replace(LINKED, link=None))
    view = front_view(several, EN, TIME)
    assert view.verdict.concern == "fire" and [said.concern for said in view.also] == ["no_sync", "roster_stale"]


def test_ok__a_lost_connection_says_from_when_nobody_is_admitted() -> None:
    policy = PolicySnapshot(site_id="s", list_version=1, issued_utc=NOW, risk_expired_after_h=72)
    lists = SiteStandings(
        utc=NOW, site_id="s", policy=policy, roster=ListAge(4, NOW), risk=ListAge(9, NOW - timedelta(hours=1))
    )
    lost = replace(linked(link=Link(False, NOW - LONG)), standings=lists)
    assert "from Tue 2026-11-24 13:00 on" in front_view(lost, EN, TIME).verdict.sentence
    strict = lists.model_copy(update={"policy": policy.model_copy(update={"admit_on_stale": False})})
    assert "from Sun 2026-11-22 13:00 on" in front_view(replace(lost, standings=strict), EN, TIME).verdict.sentence
    stale = replace(gate(roster_tier=DataTier.STALE), standings=strict)
    assert [finding.concern for finding in findings(stale)] == [Concern.ROSTER_EXPIRED]


def test_ok__a_short_loss_of_the_connection_is_no_news() -> None:
    assert findings(linked(link=Link(False, NOW - timedelta(minutes=2)))) == ()


def test_fail__a_silent_gate_says_nothing_of_its_lists_and_its_camera() -> None:
    silent = replace(WELL, live=live(age_s=60, camera_ok=False, roster_tier=DataTier.EXPIRED))
    assert [finding.concern for finding in findings(silent)] == [Concern.NOT_RUNNING]


def test_ok__inside_counts_all_gates_while_the_news_is_fresh() -> None:
    found = presence_now(muster("w-1", "w-2", unnamed=1), JournalTotals(), NOW)
    assert (found.total, found.scope) == (3, Scope.ALL_GATES)


def test_fail__old_news_of_other_gates_does_not_count() -> None:
    totals, journal = JournalTotals("e1"), MemoryJournal()
    for worker_id, hours in (("yesterday", 20), ("w-7", 1), ("w-8", 1)):
        journal.passage(worker_id, utc=NOW - timedelta(hours=hours))
    journal.passage("w-8", Direction.OUT)
    totals.add(journal.kept)
    for old in (None, muster("w-1", "w-2", age_s=600)):
        found = presence_now(old, totals, NOW)
        assert ([one.worker_id for one in found.people], found.scope) == (["w-7"], Scope.THIS_GATE)


def test_ok__people_are_counted_by_employer_team_and_trade() -> None:
    entries = {
        "w-1": DirectoryEntry(worker_id="w-1", employer="Umbra Bau", team="Crane", trade="rigger"),
        "w-2": DirectoryEntry(worker_id="w-2", employer="Umbra Bau", team="North"),
    }
    names = NoNames(3, NOW, entries)
    view = front_view(replace(WELL, muster=muster("w-1", "w-2", "w-3"), names=names), EN, TIME)
    found = [[(group.name, group.count) for group in one.breakdown.groups] for one in view.shares]
    assert found == [
        [("Umbra Bau", 2), ("", 1)],
        [("Crane", 1), ("North", 1), ("", 1)],
        [("rigger", 1), ("", 2)],
    ]


def test_ok__many_groups_become_one_sum() -> None:
    people = [Present(f"w-{n}", NOW) for n in range(40)]
    entries = {one.worker_id: DirectoryEntry(worker_id=one.worker_id, team=f"t{one.worker_id}") for one in people}
    found = by_property(people, entries, "team")
    assert (len(found.groups), found.more, found.others) == (ROWS_MAX, 40 - ROWS_MAX, 40 - ROWS_MAX)


@pytest.mark.parametrize(("code", "said"), [("en", "Sat 2026-11-28 23:30"), ("zh", "2026-11-28 周六 23:30")])
def test_ok__one_time_zone_and_dates_with_their_day(code: str, said: str) -> None:
    here = SiteTime(zone_of("Asia/Shanghai"), TEXTS[code].room("time"))
    late, now = datetime(2026, 11, 28, 15, 30, tzinfo=UTC), datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
    assert here.full(late) == here.moment(late, now)[:-3] == said
    assert here.moment(late, late) == "23:30:00"
    assert here.day(date(2026, 11, 29)) == {"en": "Sun 2026-11-29", "zh": "2026-11-29 周日"}[code]
    assert here.name(now) == "Asia/Shanghai, UTC+08:00"


def test_fail__a_zone_that_this_machine_does_not_know_is_its_own() -> None:
    assert zone_of("Mars/Olympus") is None and zone_of("") is None
    assert SiteTime(None, EN.room("time")).local(datetime.max.replace(tzinfo=UTC)).year == 9998
