"""The manager's page says in red that the gate does not believe its lists or its clock."""

from datetime import UTC, datetime

import pytest
from screen_parts import Summary

from contract.messages import Direction, ListKind, NoticeCode
from edge.core.domain import LiveState, Tone
from edge.screen.journal.totals import JournalTotals
from edge.screen.technician.view import technician_view
from edge.screen.translations import Label, load_all

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TEXTS = load_all()


@pytest.mark.parametrize("language", TEXTS)
def test_ok__what_is_not_believed_is_named_with_the_next_step(language: str) -> None:
    live = LiveState(
        utc=NOW, direction=Direction.IN, gate_state="locked", tone=Tone.IDLE, liveness="required",
        lists_refused={ListKind.RISK: 7}, clock_behind=True,
    )  # fmt: skip
    view = technician_view(live, JournalTotals(), Summary(), TEXTS[language], NOW)
    lists, clock = view.alarms
    assert TEXTS[language].list[ListKind.RISK] in lists.what and lists.grave and lists.todo
    assert clock.grave and "sitegate clock believe" in clock.todo


@pytest.mark.parametrize(("language", "names"), [("en", "Risk list, Roster"), ("zh", "重点名单、花名册")])
def test_ok__several_lists_are_named_as_the_language_writes_it(language: str, names: str) -> None:
    live = LiveState(
        utc=NOW, direction=Direction.IN, gate_state="locked", tone=Tone.IDLE, liveness="required",
        lists_refused={ListKind.ROSTER: 41, ListKind.RISK: 7},
    )  # fmt: skip
    (alarm,) = technician_view(live, JournalTotals(), Summary(), TEXTS[language], NOW).alarms
    assert names in alarm.what


@pytest.mark.parametrize("language", TEXTS)
def test_ok__a_list_refused_for_its_signature_is_not_told_as_an_old_one(language: str) -> None:
    """The same notice tells of both; only what stands beside it says which."""
    assert TEXTS[language].notice_todo[NoticeCode.LIST_REFUSED] != TEXTS[language].label[Label.LISTS_NOT_BELIEVED_TODO]
