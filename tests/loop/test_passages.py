"""Passages through the whole loop with a real journal: doors, both ways, the exit button, lock-down, fire until
reset."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loop_rig import NOBODY, House, known, order
from structlog.testing import capture_logs

from contract.messages import (
    AccessEvent,
    Advice,
    CommandAction,
    Direction,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.config import Config
from edge.core.domain import Decision, GateSignal, Tone
from edge.core.passage import PassageState
from edge.core.ports import GateError
from edge.loop import FAILURES_MAX, Adapters, GateLoop


class Gate(House):
    """The house of test_loop with another `[gate]`."""

    def __init__(self, folder: Path, **gate: object) -> None:
        self.config = Config.model_validate({"gate": gate})
        super().__init__(folder)

    def make_loop(self) -> GateLoop:
        loop = super().make_loop()
        adapters: Adapters = loop._adapters
        return GateLoop(self.config, adapters)

    def restarts(self) -> None:
        self.gate.lock()
        self.loop = self.make_loop()

    @property
    def state(self) -> PassageState:
        return self.loop._passage_control.state

    def detail(self, code: NoticeCode) -> str:
        return next(e.detail for e in self.events if isinstance(e, NoticeEvent) and e.code is code)


@pytest.fixture
def gate(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gate]:
    made = Gate(tmp_path, **getattr(request, "param", {}))
    yield made
    made.loop.close()


def with_gate(**settings: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("gate", [settings], indirect=True)


def command(house: House, action: CommandAction, command_id: str = "c1"):  # type: ignore[no-untyped-def]
    return order(house, command_id).model_copy(update={"action": action, "why": "crane at work"})


@with_gate(passage_pin=22)
def test_fail__a_second_person_on_one_release_is_tailgating_and_the_lane_says_stop(gate: Gate) -> None:
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.PASSED)
    gate.gate.report(GateSignal.PASSED)
    gate.sees(NOBODY, 0.3)
    assert gate.passages == [PassageOutcome.PASSED, PassageOutcome.TAILGATED]
    passed, tailgated = (e for e in gate.events if isinstance(e, PassageEvent))
    assert passed.access_seq == tailgated.access_seq
    assert (passed.worker_id, tailgated.worker_id) == ("w1", None)
    shown = gate.indicator.history[-1]
    assert (shown.tone, shown.advice) == (Tone.STOP, Advice.SEE_DESK)
    gate.sees(NOBODY, 3)
    assert gate.state is PassageState.LOCKED
    gate.gate.report(GateSignal.PASSED)
    gate.sees(NOBODY)
    assert gate.passages[-1] is PassageOutcome.FORCED  # too late for tailgating


@with_gate(passage_pin=22, passage_out_pin=19)
def test_fail__passing_the_other_way_is_recorded_with_its_direction(gate: Gate) -> None:
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.PASSED_OUT)
    gate.sees(NOBODY, 0.3)
    passage = next(e for e in gate.events if isinstance(e, PassageEvent))
    assert (passage.outcome, passage.direction, passage.worker_id) == (PassageOutcome.REVERSED, Direction.OUT, None)
    assert not gate.gate.energised


@with_gate(kind="door", door_pin=5)
def test_ok__a_door_without_a_passage_sensor_counts_as_passed_when_it_closes(gate: Gate) -> None:
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.DOOR_OPENED)
    gate.sees(NOBODY, 1)
    assert gate.passages == []
    gate.gate.report(GateSignal.DOOR_CLOSED)
    gate.sees(NOBODY, 0.2)
    assert gate.passages == [PassageOutcome.PASSED]
    assert gate.acts[-1] == "lock"


@with_gate(kind="door", door_pin=5, held_open_ms=2000)
def test_fail__a_door_held_open_is_told_once_and_when_it_is_over(gate: Gate) -> None:
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.DOOR_OPENED)
    gate.sees(NOBODY, 10)
    assert gate.notices == [NoticeCode.HELD_OPEN]
    gate.gate.report(GateSignal.DOOR_CLOSED)
    gate.sees(NOBODY, 1)
    assert gate.notices == [NoticeCode.HELD_OPEN, NoticeCode.HELD_OPEN_OVER]
    assert gate.passages == [PassageOutcome.PASSED]


@with_gate(kind="swing_gate", door_pin=5)
def test_fail__a_gate_opened_without_a_release_is_forced(gate: Gate) -> None:
    gate.gate.report(GateSignal.DOOR_OPENED)
    gate.sees(known(), 1)
    assert gate.passages == [PassageOutcome.FORCED]
    assert gate.decisions == []  # nobody is judged before it is closed again
    gate.gate.report(GateSignal.DOOR_CLOSED)
    gate.sees(known(), 1)
    assert gate.decisions == [Reason.GRANTED]


@with_gate(rex_pin=6, relay_out_pin=27, passage_pin=22, passage_out_pin=19)
def test_ok__the_exit_button_releases_outwards_and_is_recorded_without_a_worker(gate: Gate) -> None:
    gate.gate.report(GateSignal.REX)
    gate.sees(NOBODY, 0.2)
    assert gate.gate.history[0].way is Direction.OUT
    gate.gate.report(GateSignal.PASSED_OUT)
    gate.sees(NOBODY, 0.2)
    passage = next(e for e in gate.events if isinstance(e, PassageEvent))
    assert (passage.outcome, passage.direction, passage.worker_id, passage.access_seq) == (
        PassageOutcome.PASSED,
        Direction.OUT,
        None,
        None,
    )
    assert gate.notices == [NoticeCode.REX]


@with_gate(rex_pin=6, relay_out_pin=27, passage_pin=22, passage_out_pin=19)
def test_ok__the_exit_button_while_the_way_in_is_released_opens_right_after(gate: Gate) -> None:
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.REX)
    gate.sees(NOBODY, 0.2)
    gate.gate.report(GateSignal.PASSED_IN)
    gate.sees(NOBODY, 0.2)
    assert [act.way for act in gate.gate.history if act.act == "pulse"] == [Direction.IN, Direction.OUT]


@with_gate(rex_pin=6)
def test_ok__the_exit_button_works_with_a_disk_that_refuses(gate: Gate) -> None:
    gate.journal._file.db.execute("PRAGMA query_only=ON")
    gate.gate.report(GateSignal.REX)
    gate.sees(NOBODY, 0.2)
    assert gate.gate.energised
    gate.journal._file.db.execute("PRAGMA query_only=OFF")
    gate.sees(NOBODY, 0.2)
    assert gate.notices == [NoticeCode.REX]


@with_gate(slow_factor=2, passage_timeout_ms=4000)
def test_ok__a_slow_worker_gets_a_longer_pulse_and_more_time(gate: Gate) -> None:
    event = gate.loop._writer.write_decision(Decision(Reason.GRANTED, Advice.WALK_THROUGH, "w1", slow=True))
    gate.loop._passage_control.release(event, slow=True)
    gate.sees(NOBODY, 1.0)
    assert gate.gate.energised  # 600 ms, twice
    gate.sees(NOBODY, 6.0)
    assert gate.state is PassageState.RELEASED
    gate.sees(NOBODY, 2.0)
    assert gate.passages == [PassageOutcome.NOT_TAKEN]


def test_ok__a_lock_down_refuses_workers_and_hq_but_not_the_guard_and_the_exit(gate: Gate) -> None:
    gate.lists.orders = [command(gate, CommandAction.LOCK_DOWN)]
    gate.sees(known(), 1.0)
    gate.lists.orders = [order(gate, "c2")]
    gate.sees(NOBODY, 1.0)
    assert gate.decisions == [Reason.LOCKED_DOWN]
    assert gate.acts == []
    assert gate.notices == [NoticeCode.LOCKED_DOWN, NoticeCode.COMMAND_DONE, NoticeCode.COMMAND_REFUSED]
    assert gate.detail(NoticeCode.LOCKED_DOWN) == "by manager-7: crane at work"
    assert gate.indicator.history[-1].advice in (Advice.SEE_DESK, None)
    passage_control = gate.loop._passage_control
    assert passage_control.admits(Reason.MANUAL_ADMIT, Direction.IN)
    assert passage_control.admits(Reason.GRANTED, Direction.OUT)
    gate.gate.report(GateSignal.REX)
    gate.sees(NOBODY, 0.2)
    assert gate.gate.energised


@with_gate(lock_down_admits=[])
def test_ok__a_lock_down_for_everybody_leaves_the_exit_button(gate: Gate) -> None:
    gate.loop._passage_control.lock_down("manager-7")
    passage_control = gate.loop._passage_control
    assert not passage_control.admits(Reason.MANUAL_ADMIT, Direction.IN)
    assert not passage_control.admits(Reason.GRANTED, Direction.OUT)
    gate.gate.report(GateSignal.REX)
    gate.sees(NOBODY, 0.2)
    assert gate.gate.energised


def test_fail__a_grant_that_meets_a_lock_down_moves_nothing_and_has_an_outcome(gate: Gate) -> None:
    event = gate.loop._writer.write_decision(Decision(Reason.GRANTED, Advice.WALK_THROUGH, "w1"))
    gate.loop._passage_control.lock_down("manager-7")
    assert gate.loop._passage_control.release(event) is False
    gate.sees(NOBODY)
    assert gate.acts == []
    assert gate.passages == [PassageOutcome.NOT_TAKEN]


def test_ok__a_lock_down_outlives_a_restart_and_a_pruned_journal_until_it_is_released(gate: Gate) -> None:
    gate.lists.orders = [command(gate, CommandAction.LOCK_DOWN)]
    gate.sees(NOBODY, 0.5)
    gate.clock.advance(90 * 86_400)
    gate.journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED)
    assert gate.journal.prune(2, keep_days=30) == 2
    gate.restarts()
    assert gate.state is PassageState.LOCKDOWN
    gate.lists.orders = [command(gate, CommandAction.RELEASE_LOCK_DOWN, "c2")]
    gate.sees(NOBODY, 0.5)
    assert gate.state is PassageState.LOCKED
    gate.restarts()
    assert gate.state is PassageState.LOCKED


def test_ok__a_lock_down_is_obeyed_once(gate: Gate) -> None:
    gate.lists.orders = [command(gate, CommandAction.LOCK_DOWN), command(gate, CommandAction.LOCK_DOWN)]
    gate.sees(NOBODY, 0.5)
    gate.lists.orders = [command(gate, CommandAction.RELEASE_LOCK_DOWN, "c2")]
    gate.sees(NOBODY, 0.5)
    gate.lists.orders = [command(gate, CommandAction.LOCK_DOWN)]  # replayed
    gate.sees(NOBODY, 0.5)
    assert gate.state is PassageState.LOCKED
    assert gate.notices.count(NoticeCode.LOCKED_DOWN) == 1
    assert gate.notices.count(NoticeCode.COMMAND_DONE) == 2


def test_ok__fire_wins_over_a_lock_down_which_stands_again_afterwards(gate: Gate) -> None:
    gate.loop._passage_control.lock_down("manager-7")
    gate.gate.report(GateSignal.FIRE_ON)
    gate.sees(NOBODY, 5)
    assert gate.gate.energised
    gate.gate.report(GateSignal.FIRE_OFF)
    gate.sees(NOBODY, 0.2)
    assert (gate.state, gate.gate.energised) == (PassageState.LOCKDOWN, False)


def test_ok__no_watchdog_closes_the_gate_in_a_fire(gate: Gate) -> None:
    gate.gate.report(GateSignal.FIRE_ON)
    gate.sees(NOBODY, 0.2)
    gate.journal._file.db.execute("PRAGMA query_only=ON")
    gate.gate.report(GateSignal.TAMPER)
    assert all(gate.loop.step() for _ in range(5))  # nothing can be recorded, and still it is fed
    gate.journal._file.db.execute("PRAGMA query_only=OFF")
    gate.matcher.now = ValueError("for ever")
    with capture_logs():
        assert all(gate.loop.step() for _ in range(FAILURES_MAX + 1))
    assert gate.gate.energised


@with_gate(kind="door", door_pin=5, passage_pin=22)
def test_ok__somebody_before_a_closed_door_has_not_passed(gate: Gate) -> None:
    gate.gate.report(GateSignal.PASSED)
    gate.sees(known(), 0.3)
    gate.gate.report(GateSignal.PASSED)
    gate.sees(NOBODY, 0.2)
    assert gate.passages == []
    for signal in (GateSignal.DOOR_OPENED, GateSignal.PASSED, GateSignal.DOOR_CLOSED):
        gate.gate.report(signal)
    gate.sees(NOBODY, 0.2)
    assert gate.passages == [PassageOutcome.PASSED]


def test_fail__an_exit_that_cannot_be_released_loses_nothing_that_came_with_it(gate: Gate) -> None:
    pulse = gate.gate.pulse

    def refuse(*how: object) -> None:
        raise GateError("the guard is not running")

    gate.gate.pulse = refuse  # type: ignore[method-assign]
    gate.gate.report(GateSignal.REX)
    gate.gate.report(GateSignal.FIRE_ON)
    gate.sees(NOBODY, 0.2)
    gate.gate.pulse = pulse  # type: ignore[method-assign]
    assert gate.gate.energised


@with_gate(fire_pin=23, reset_pin=24, fire_reset="manual")
def test_ok__a_fire_that_needs_a_reset_stays_open_until_then_also_over_a_restart(gate: Gate) -> None:
    gate.gate.report(GateSignal.FIRE_ON)
    gate.sees(NOBODY, 1)
    gate.gate.report(GateSignal.RESET)  # while it burns: nothing
    gate.gate.report(GateSignal.FIRE_OFF)
    gate.sees(NOBODY, 30)
    assert gate.gate.energised
    gate.restarts()
    assert (gate.state, gate.gate.energised) == (PassageState.FIRE_OVER, True)
    gate.gate.report(GateSignal.RESET)
    gate.sees(NOBODY, 0.2)
    assert (gate.state, gate.gate.energised) == (PassageState.LOCKED, False)
    gate.restarts()
    assert gate.state is PassageState.LOCKED
    assert gate.notices == [NoticeCode.FIRE_ON, NoticeCode.FIRE_OFF, NoticeCode.FIRE_RESET]


def test_ok__a_gate_that_went_down_in_a_fire_is_locked_afterwards_and_says_so(gate: Gate) -> None:
    gate.gate.report(GateSignal.FIRE_ON)
    gate.sees(NOBODY, 1)
    gate.restarts()
    gate.sees(NOBODY, 1)
    gate.config = Config.model_validate({"gate": {"fire_pin": 23, "reset_pin": 24, "fire_reset": "manual"}})
    gate.restarts()  # an old fire never opens a gate whose setting was changed since
    assert (gate.state, gate.gate.energised) == (PassageState.LOCKED, False)
    assert gate.notices == [NoticeCode.FIRE_ON, NoticeCode.FIRE_OFF]


def test_fail__a_fluttering_sensor_is_told_with_its_name(gate: Gate) -> None:
    gate.gate.chatter("passage_pin")
    gate.sees(NOBODY, 0.3)
    assert gate.notices == [NoticeCode.SENSOR_CHATTER]
    assert "gate.passage_pin" in gate.detail(NoticeCode.SENSOR_CHATTER)


def test_ok__an_opened_and_closed_housing_is_recorded(gate: Gate) -> None:
    gate.gate.report(GateSignal.TAMPER)
    gate.gate.report(GateSignal.TAMPER_OVER)
    gate.sees(NOBODY)
    assert gate.notices == [NoticeCode.TAMPER, NoticeCode.TAMPER_OVER]


def test_ok__every_grant_of_the_loop_has_its_outcome(gate: Gate) -> None:
    for approach in range(1, 6):
        gate.sees(known(approach), 0.3)
        if approach % 2:
            gate.gate.report(GateSignal.PASSED)
        gate.sees(NOBODY, 8.0)
    granted = [e.seq for e in gate.events if isinstance(e, AccessEvent) and e.granted]
    assert [e.access_seq for e in gate.events if isinstance(e, PassageEvent)] == granted
