"""The manager's page says in red that the gate does not believe its lists or its clock."""

from datetime import UTC, datetime

import pytest
from screen_parts import Summary

from contract.messages import Direction, ListKind
from edge.domain import LiveState, Tone
from edge.screen.manager import manager_view
from edge.screen.tally import Tally
from edge.screen.texts import load_all

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
TEXTS = load_all()


@pytest.mark.parametrize("language", TEXTS)
def test_ok__what_is_not_believed_is_named_with_the_next_step(language: str) -> None:
    live = LiveState(
        utc=NOW, direction=Direction.IN, gate_state="locked", tone=Tone.IDLE, liveness="required",
        lists_refused={ListKind.RISK: 7}, clock_behind=True,
    )  # fmt: skip
    view = manager_view(live, Tally(), Summary(), TEXTS[language], NOW)
    lists, clock = view.alarms
    assert TEXTS[language].list[ListKind.RISK] in lists.what and lists.grave and lists.todo
    assert clock.grave and "sitegate clock believe" in clock.todo
