"""What once went wrong between the parts of the loop: each of these was found in a review, and is tried again here."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from loop_rig import NOBODY, House, known, order, unknown

from contract.messages import CommandAction, Direction, NoticeCode, PassageOutcome, Reason
from edge.core.domain import AdmitRequest, GateSignal, Identification, LockDownRequest, Sight, Tone
from edge.core.passage import PassageState
from edge.core.ports import GateError
from edge.storage.desk import DeskWriter


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.loop.close()


def admit(house: House, worker_id: str | None = "w1") -> None:
    desk = DeskWriter(house.folder / "desk.db")
    asked = house.clock.utc()
    desk.request_admission(
        AdmitRequest(by="anna", reason="knows him", worker_id=worker_id, direction=Direction.IN, asked_utc=asked)
    )
    desk.close()


def test_ok__in_a_fire_the_light_stays_go_though_disk_and_matcher_refuse(house: House) -> None:
    house.sees(NOBODY, 0.2)
    house.journal._file.db.execute("PRAGMA query_only=ON")
    house.gate.report(GateSignal.FIRE_ON)
    house.sees(NOBODY, 0.3)
    since = len(house.indicator.history)
    house.sees(known(), 0.5)
    house.sees(ValueError("a broken frame"), 0.5)
    house.journal._file.db.execute("PRAGMA query_only=OFF")
    assert {shown.tone for shown in house.indicator.history[since - 1 :]} == {Tone.GO}


def test_ok__a_lock_down_behind_an_order_that_fails_is_not_lost(house: House) -> None:
    def refuse(*how: Any) -> None:
        raise GateError("the pulse guard is not running")

    house.gate.pulse = refuse  # type: ignore[method-assign]
    house.lists.orders = [order(house, "c1"), order(house, "c2").model_copy(update={"action": CommandAction.LOCK_DOWN})]
    house.sees(NOBODY, 1.0)
    assert NoticeCode.LOCKED_DOWN in house.notices
    house.sees(known(), 8.0)
    assert house.decisions[-1] is Reason.LOCKED_DOWN


def test_ok__a_lock_down_while_the_disk_refuses_is_obeyed_and_recorded_once(house: House) -> None:
    house.sees(NOBODY, 0.2)
    house.journal._file.db.execute("PRAGMA query_only=ON")
    desk = DeskWriter(house.folder / "desk.db")
    desk.request_lock_down(LockDownRequest(by="anna", asked_utc=house.clock.utc()), release=False)
    house.sees(NOBODY, 2.0)
    assert house.loop._passage_control.state is PassageState.LOCKDOWN
    house.journal._file.db.execute("PRAGMA query_only=OFF")
    house.sees(NOBODY, 1.0)
    desk.request_lock_down(LockDownRequest(by="anna", asked_utc=house.clock.utc()), release=True)
    desk.close()
    house.sees(NOBODY, 1.0)
    house.loop = house.make_loop()  # a restart reads every request again
    house.sees(NOBODY, 1.0)
    assert house.loop._passage_control.state is PassageState.LOCKED
    assert house.notices.count(NoticeCode.LOCKED_DOWN) == house.notices.count(NoticeCode.LOCK_DOWN_OVER) == 1


def test_fail__an_answer_about_one_lock_down_does_not_end_the_next_one(house: House) -> None:
    control, desk = house.loop._passage_control, DeskWriter(house.folder / "desk.db")

    def ends(mark: str) -> None:
        wanted = LockDownRequest(by="anna", ends=mark, asked_utc=house.clock.utc())
        desk.request_lock_down(wanted, release=True)
        house.sees(NOBODY, 1.0)

    control.lock_down("manager-7", "drill")
    house.sees(NOBODY, 0.5)
    live = house.reader.live()
    assert live is not None and live.lock_down == control.lock_down_mark != ""
    control.release_lock_down("manager-7")
    control.lock_down("manager-7", "a fight")
    house.sees(NOBODY, 0.5)
    ends(live.lock_down)
    assert control.locked_down and house.notices[-1] is NoticeCode.REQUEST_REFUSED
    house.loop = house.make_loop()
    control = house.loop._passage_control
    ends(control.lock_down_mark)
    assert not control.locked_down and control.lock_down_mark == "", "a restart keeps the mark"
    control.lock_down("manager-7")
    ends("")
    assert not control.locked_down, "a request of an older page ends whichever holds"
    desk.close()


def test_fail__an_old_lock_down_does_not_come_back_with_a_new_journal(house: House) -> None:
    desk = DeskWriter(house.folder / "desk.db")
    asked = house.clock.utc() - timedelta(days=3)
    desk.request_lock_down(LockDownRequest(by="anna", asked_utc=asked), release=False)
    desk.close()
    house.sees(NOBODY, 1.0)
    assert house.loop._passage_control.state is PassageState.LOCKED
    assert house.notices == [NoticeCode.REQUEST_REFUSED]


def test_fail__whom_the_guard_let_in_is_not_let_in_again_by_the_face(house: House) -> None:
    house.sees(Identification(Sight.LOOKING, 1), 0.3)
    admit(house)
    house.sees(Identification(Sight.LOOKING, 1), 0.5)
    house.gate.report(GateSignal.PASSED)
    house.sees(known(1), 2.0)
    assert house.decisions == [Reason.MANUAL_ADMIT]
    assert house.acts.count("pulse") == 1
    house.sees(known(2), 1.0)  # the same worker, seen again
    assert house.decisions == [Reason.MANUAL_ADMIT]
    workers = house.lists.state.workers
    second = replace(workers["w1"], worker_id="w2")
    house.lists.state = replace(house.lists.state, workers={**workers, "w2": second})
    house.sees(known(3, "w2"), 1.0)  # somebody else
    assert house.decisions[-1] is Reason.GRANTED


def test_ok__a_refused_worker_is_asked_again_though_somebody_left_meanwhile(house: House) -> None:
    house.sees(unknown(1), 1.0)
    house.gate.report(GateSignal.REX)
    house.sees(unknown(1), 0.2)
    house.gate.report(GateSignal.PASSED_OUT)
    house.sees(unknown(1), 1.0)
    assert PassageOutcome.PASSED in house.passages
    house.sees(known(1), 8.0)
    assert house.decisions[-1] is Reason.GRANTED


def test_fail__hq_opens_nothing_in_a_lock_down_whichever_way_the_gate_goes(house: House) -> None:
    house.lists.orders = [order(house, "c1").model_copy(update={"action": CommandAction.LOCK_DOWN})]
    house.sees(NOBODY, 0.5)
    assert not house.loop._passage_control.admits(Reason.REMOTE_OPEN, Direction.OUT)
    assert not house.loop._passage_control.admits(Reason.REMOTE_OPEN, Direction.IN)


def test_ok__a_gallery_that_failed_to_load_is_tried_again(house: House) -> None:
    loaded = house.matcher.load
    tries: list[int] = []

    def once_too_large(templates: Any) -> None:
        tries.append(len(templates))
        if len(tries) == 1:
            raise MemoryError
        loaded(templates)

    house.matcher.load = once_too_large  # type: ignore[method-assign]
    house.lists.state = replace(house.lists.state, templates=(("w1", object()),))  # type: ignore[arg-type]
    house.lists.fresh = True
    house.sees(NOBODY, 1.0)
    assert tries[:2] == [1, 1] and len(tries) == 2
    assert house.matcher.gallery_size == 1
