"""The site office's lists of people: risk holds for managers, and training that ends soon."""

from datetime import date, timedelta

from screen_parts import NOW

from contract.messages import DirectoryEntry, PolicySnapshot, RiskEntry
from contract.policy import RiskAction, RiskRule
from edge.core.domain import SiteStandings, WorkerStanding
from edge.screen.office.holds import holds
from edge.screen.office.training import ROWS_MAX, endings

TODAY = date(2026, 11, 21)
NAMES = {"w-1": DirectoryEntry(worker_id="w-1", name="Wang Xiulan", employer="Umbra Bau", team="Crane")}


def standings(*workers: WorkerStanding, **policy: object) -> SiteStandings:
    fields = {"site_id": "s", "list_version": 1, "issued_utc": NOW} | policy
    return SiteStandings(utc=NOW, site_id="s", policy=PolicySnapshot.model_validate(fields), workers=workers)


def held(worker_id: str, **entry: object) -> WorkerStanding:
    return WorkerStanding(worker_id=worker_id, risks=(RiskEntry.model_validate({"worker_id": worker_id} | entry),))


def trained(worker_id: str, days: int | None, **more: object) -> WorkerStanding:
    until = TODAY + timedelta(days=days) if days is not None else None
    return WorkerStanding.model_validate({"worker_id": worker_id, "here": True, "training_valid_until": until} | more)


def test_ok__a_hold_names_list_reason_and_whom_to_ask_and_who_is_inside_comes_first() -> None:
    found = holds(
        standings(
            held("w-2", list_name="debts"),
            held("w-1", list_name="key-screening", reason_code="contact", officer="Dr Sun"),
            risk_rules=(RiskRule(list_name="debts", action=RiskAction.DENY),),
        ),
        NAMES,
        {"w-1"},
        NOW,
    )
    first, second = found.rows
    assert (first.name, first.list_name, first.reason_code, first.officer, first.inside) == (
        "Wang Xiulan", "key-screening", "contact", "Dr Sun", True,
    )  # fmt: skip
    assert (first.action, second.action) == (RiskAction.HOLD, RiskAction.DENY)


def test_ok__an_entry_that_ended_holds_nobody_and_one_to_come_says_from_when() -> None:
    soon, over = NOW + timedelta(days=1), NOW - timedelta(seconds=1)
    found = holds(standings(held("w-1", valid_until_utc=over), held("w-2", valid_from_utc=soon)), {}, set(), NOW)
    assert [(row.worker_id, row.since) for row in found.rows] == [("w-2", soon)]


def test_ok__training_that_ended_or_ends_within_30_days_is_listed_by_its_day() -> None:
    found = endings(
        standings(
            trained("none", None),
            trained("today", 0),
            trained("lapsed", -3),
            trained("soon", 30),
            trained("later", 31),
            trained("left", 3, valid_until=TODAY - timedelta(days=1)),
            trained("suspended", 3, active=False),
            trained("elsewhere", 3, here=False),
            trained("risk", 3, listed=False),
        ),
        {},
        TODAY,
    )
    assert [row.worker_id for row in found.rows] == ["lapsed", "today", "soon", "none"]
    assert ([row.refused for row in found.rows], found.refused) == ([True, False, False, True], 2)


def test_ok__a_site_that_asks_for_no_training_lists_nobody() -> None:
    assert endings(standings(trained("w-1", -3), training_required=False), {}, TODAY).total == 0


def test_ok__a_long_list_says_how_many_it_leaves_out() -> None:
    found = endings(standings(*(trained(f"w-{n}", 5) for n in range(ROWS_MAX + 7))), {}, TODAY)
    assert (len(found.rows), found.total) == (ROWS_MAX, ROWS_MAX + 7)
