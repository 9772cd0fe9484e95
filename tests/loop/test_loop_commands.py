"""HQ's orders "resync" and "reboot" at the gate: once, journalled first, and only from rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from loop_rig import NOBODY, House, known, order

from contract.messages import CommandAction, Direction, NoticeCode, NoticeEvent, Reason
from edge.app import reboot
from edge.core.config import Config
from edge.core.domain import AdmitRequest, GateSignal, Tone
from edge.core.ports import GateError
from edge.loop import Adapters, GateLoop
from edge.loop.reboot import PAUSE_S
from edge.storage.desk import DeskWriter
from edge.system.supervisor import Shutdown

REBOOT, RESYNC = CommandAction.REBOOT, CommandAction.RESYNC


class Yard(House):
    """The house of test_loop, whose gate may start again; each start is noted with what the journal held by then."""

    def __init__(self, folder: Path, how: Literal["machine", "process", "never"] = "machine") -> None:
        self.config = Config.model_validate(
            {"gate": {"reboot": how, "kind": "door", "door_pin": 5, "fire_pin": 6, "passage_pin": 22}}
        )
        self.starts: list[list[NoticeCode]] = []
        super().__init__(folder)

    def make_loop(self) -> GateLoop:
        adapters: Adapters = super().make_loop()._adapters
        fields = {name: getattr(adapters, name) for name in Adapters.__slots__}
        return GateLoop(self.config, Adapters(**{**fields, "restart": lambda: self.starts.append(self.notices)}))

    def ordered(self, action: CommandAction, command_id: str = "c1") -> None:
        self.lists.orders = [order(self, command_id).model_copy(update={"action": action, "why": "camera hangs"})]
        self.sees(NOBODY, 0.5)

    @property
    def details(self) -> list[str]:
        return [e.detail for e in self.events if isinstance(e, NoticeEvent)]


@pytest.fixture
def yard(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Yard]:
    made = Yard(tmp_path, getattr(request, "param", "machine"))
    yield made
    made.loop.close()


def test_ok__resync_is_journalled_once_with_who_and_why(yard: Yard) -> None:
    yard.ordered(RESYNC)
    yard.ordered(RESYNC)
    assert yard.notices == [NoticeCode.COMMAND_DONE]
    assert yard.details == ["c1: resync by manager-7: camera hangs"]
    assert yard.acts == []


def test_ok__reboot_is_on_disk_before_it_begins_and_leaves_the_gate_locked(yard: Yard) -> None:
    yard.ordered(REBOOT)
    assert yard.starts == [[NoticeCode.COMMAND_DONE]]
    assert yard.details == ["c1: reboot by manager-7: camera hangs"]
    assert yard.acts == ["lock"]
    assert yard.indicator.history[-1].tone is Tone.DESK


def test_fail__nobody_is_let_in_once_a_reboot_was_begun(yard: Yard) -> None:
    yard.ordered(REBOOT)
    yard.sees(known(), 2.0)
    assert yard.decisions == []
    assert "pulse" not in yard.acts


def test_ok__fire_opens_also_while_a_reboot_is_under_way(yard: Yard) -> None:
    yard.ordered(REBOOT)
    yard.gate.report(GateSignal.FIRE_ON)
    yard.sees(NOBODY, 0.3)
    assert yard.gate.energised
    assert yard.notices == [NoticeCode.COMMAND_DONE, NoticeCode.FIRE_ON]


def test_fail__the_same_order_after_the_reboot_does_nothing(yard: Yard) -> None:
    yard.ordered(REBOOT)
    yard.loop = yard.make_loop()
    yard.clock.advance(PAUSE_S)
    yard.ordered(REBOOT)
    assert len(yard.starts) == 1


@pytest.mark.parametrize("signal", [GateSignal.FIRE_ON, GateSignal.DOOR_OPENED, None])
def test_fail__not_while_it_burns_or_the_door_is_open_or_somebody_passes(yard: Yard, signal: GateSignal | None) -> None:
    if signal is None:
        yard.sees(known(), 0.3)
    else:
        yard.gate.report(signal)
        yard.sees(NOBODY, 0.3)
    yard.ordered(REBOOT)
    assert yard.starts == []
    refused = next(d for d in yard.details if d.startswith("c1: the gate is "))
    assert refused.endswith("order it again when nobody is in the passage")


@pytest.mark.parametrize("yard", ["process"], indirect=True)
def test_fail__not_soon_after_the_start(yard: Yard) -> None:
    yard.ordered(REBOOT)
    assert yard.starts == []
    assert yard.notices == [NoticeCode.COMMAND_REFUSED]
    assert "s ago: order it again in" in yard.details[0]
    yard.clock.advance(PAUSE_S)
    yard.ordered(REBOOT, "c2")
    assert len(yard.starts) == 1


@pytest.mark.parametrize("yard", ["never"], indirect=True)
def test_fail__a_gate_that_never_reboots_by_order(yard: Yard) -> None:
    yard.ordered(REBOOT)
    assert yard.starts == []
    assert yard.details == ['c1: this gate does not reboot by order: gate.reboot is "never"']


def test_fail__no_journal_no_reboot(yard: Yard) -> None:
    yard.journal._file.db.execute("PRAGMA query_only=ON")
    yard.ordered(REBOOT)
    assert yard.starts == []
    yard.journal._file.db.execute("PRAGMA query_only=OFF")
    yard.sees(NOBODY, 0.5)
    assert yard.starts == [[NoticeCode.COMMAND_DONE]]


def test_fail__nothing_is_obeyed_after_a_reboot_was_begun(yard: Yard) -> None:
    desk = DeskWriter(yard.folder / "desk.db")
    yard.lists.orders = [
        order(yard, "c1").model_copy(update={"action": REBOOT}),
        order(yard, "c2").model_copy(update={"action": CommandAction.OPEN_ONCE}),
    ]
    ref = desk.request_admission(
        AdmitRequest(reason="delivery", by="g", direction=Direction.IN, asked_utc=yard.clock.utc())
    )
    yard.sees(NOBODY, 1.0)
    yard.ordered(CommandAction.OPEN_ONCE, "c3")
    desk.close()
    assert yard.starts == [[NoticeCode.COMMAND_DONE]]
    assert (yard.acts, yard.decisions) == (["lock"], [])
    assert not any(yard.journal.seen(other) for other in ("c2", "c3", ref)), "they may still be obeyed after the start"


def test_fail__a_relay_that_refuses_does_not_leave_a_gate_that_only_waits(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise GateError("the guard is not running")

    with monkeypatch.context() as broken:
        broken.setattr(yard.gate, "lock", refuse)
        yard.ordered(REBOOT)
    assert yard.starts == []
    yard.sees(known(), 0.5)
    assert yard.decisions[-1] is Reason.GRANTED


def test_ok__the_machine_is_asked_by_a_file_and_the_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    shutdown = Shutdown()
    restart = reboot.make_restart(Config(), shutdown)
    assert restart is not None
    assert not reboot.reboot_unanswered()
    restart()
    assert shutdown.asked
    assert (tmp_path / "reboot").exists()
    assert reboot.reboot_unanswered(), "nobody rebooted the machine: the next process says so"
    assert not reboot.reboot_unanswered(), "once"


@pytest.mark.parametrize(("how", "folder"), [("process", True), ("machine", False)])
def test_ok__only_the_process_starts_anew(
    how: str, folder: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    if folder:
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    shutdown = Shutdown()
    restart = reboot.make_restart(Config.model_validate({"gate": {"reboot": how}}), shutdown)
    assert restart is not None
    restart()
    assert shutdown.asked
    assert list(tmp_path.iterdir()) == []


def test_fail__never_means_never() -> None:
    assert reboot.make_restart(Config.model_validate({"gate": {"reboot": "never"}}), Shutdown()) is None
