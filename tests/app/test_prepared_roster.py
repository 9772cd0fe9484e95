"""A new roster is held back until its gallery is built; what does not need one never waits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from contract.messages import Ack, Command, RiskEntry
from edge.app.prepared_roster import PreparedRoster
from edge.core.domain import Incident, ListAge, RosterState, Template, Worker

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
FACE = Template(np.eye(1, 4, dtype=np.float32)[0], "m")


class Lists:
    """The lists as they come; `refresh` is True once per change."""

    def __init__(self) -> None:
        self.state = self._shown = RosterState()

    def refresh(self) -> bool:
        changed, self._shown = self.state is not self._shown, self.state
        return changed

    def roster(self, version: int) -> None:
        templates = ((f"w{version}", FACE),)
        workers = {f"w{version}": Worker(f"w{version}")}
        self.state = replace(self.state, workers=workers, templates=templates, roster=ListAge(version, NOW))

    def risk(self, version: int) -> None:
        self.state = replace(self.state, risks={"w1": RiskEntry(worker_id="w1")}, risk=ListAge(version, NOW))

    def incidents(self) -> list[Incident]:
        return []

    def commands(self, now: datetime) -> list[Command]:
        return []

    def acks(self) -> list[Ack]:
        return []


class Builder:
    def __init__(self) -> None:
        self.asked: list[Sequence[tuple[str, Template]]] = []
        self.done = False

    def prepare(self, templates: Sequence[tuple[str, Template]]) -> bool:
        self.asked.append(templates)
        return self.done


def _rig() -> tuple[Lists, Builder, PreparedRoster]:
    lists, builder = Lists(), Builder()
    return lists, builder, PreparedRoster(lists, builder.prepare)


def test_ok__a_roster_shows_only_once_its_gallery_is_built() -> None:
    lists, builder, roster = _rig()
    assert roster.refresh() is False
    lists.roster(1)
    assert [roster.refresh() for _ in range(3)] == [False] * 3
    assert roster.state.roster.version == 0
    builder.done = True
    assert roster.refresh() is True
    assert roster.state is lists.state
    assert builder.asked[-1] is roster.state.templates
    asked = len(builder.asked)
    assert roster.refresh() is False
    assert len(builder.asked) == asked


def test_ok__a_risk_list_does_not_wait_for_a_gallery() -> None:
    lists, builder, roster = _rig()
    lists.roster(1)
    roster.refresh()
    lists.risk(1)
    assert roster.refresh() is True
    assert set(roster.state.risks) == {"w1"}
    assert roster.state.workers == {}
    assert roster.refresh() is False
    builder.done = True
    assert roster.refresh() is True
    assert set(roster.state.workers) == set(roster.state.risks) == {"w1"}


def test_ok__a_newer_roster_takes_the_place_of_one_that_is_still_being_built() -> None:
    lists, builder, roster = _rig()
    lists.roster(1)
    roster.refresh()
    lists.roster(2)
    assert roster.refresh() is False
    builder.done = True
    assert roster.refresh() is True
    assert set(roster.state.workers) == {"w2"}
    assert builder.asked[-1] is lists.state.templates


def test_ok__lists_without_new_templates_pass_at_once() -> None:
    lists, builder, roster = _rig()
    lists.risk(1)
    assert roster.refresh() is True
    assert roster.state is lists.state
    assert builder.asked == []


def test_ok__lists_that_were_read_before_pass_through_it_too() -> None:
    lists = Lists()
    lists.roster(1)
    assert lists.refresh()
    builder = Builder()
    roster = PreparedRoster(lists, builder.prepare)
    assert roster.refresh() is False
    assert roster.state.roster.version == 0
    builder.done = True
    assert roster.refresh() is True
    assert set(roster.state.workers) == {"w1"}
