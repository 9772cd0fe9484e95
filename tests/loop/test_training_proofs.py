"""PROMISE: a code of training and a live face make one event, and open nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from loop_rig import House, known, unknown
from training_gate_rig import KEY, TerminalHouse, TrainingHouse

from contract.code import Code, make
from contract.messages import Advice, LivenessVerdict, NoticeCode, TrainingStep
from contract.policy import Factor
from contract.training_code import TrainingCode, make_training_code
from edge.core.decision.training_proof import prove
from edge.core.domain import (
    Candidate,
    ConfirmTrainingRequest,
    Identification,
    Sight,
    TrainingClaim,
)
from edge.storage.desk import DeskWriter

_FAR = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[TrainingHouse]:
    made = TrainingHouse(tmp_path)
    yield made
    made.loop.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[TerminalHouse]:
    made = TerminalHouse(tmp_path)
    yield made
    made.loop.close()


def nobody(house: House, seconds: float = 0.5) -> None:
    house.sees(Identification(Sight.NOBODY, 0), seconds)


def test_ok__code_and_face_are_one_proof_and_the_gate_stays_locked(gate: TrainingHouse) -> None:
    gate.codes.text = gate.text()
    nobody(gate)
    gate.sees(known(1), 5.0)
    (event,) = gate.trainings
    assert (event.proven, event.worker_id, event.session_id, event.step) == (True, "w1", "l-1", TrainingStep.PROOF)
    assert set(event.factors) == {Factor.CODE, Factor.FACE}
    assert event.score == 0.7
    assert gate.decisions == [] and "pulse" not in gate.acts, "the same person must leave first"
    nobody(gate, 2.0)
    gate.sees(known(2), 2.0)
    assert "pulse" in gate.acts, "the gate works on as before"


def test_fail__the_same_code_counts_once(gate: TrainingHouse) -> None:
    text = gate.text()
    for approach in (1, 3):
        gate.codes.text = text
        nobody(gate)
        if approach == 1:
            gate.sees(known(approach), 1.0)
    assert [event.proven for event in gate.trainings] == [True]


def test_fail__another_persons_face_proves_nothing(gate: TrainingHouse) -> None:
    gate.codes.text = gate.text("w1")
    nobody(gate)
    gate.sees(known(1, "w2"), 3.0)
    (event,) = gate.trainings
    assert (event.proven, event.may_confirm, event.worker_id) == (False, False, "w1")
    assert "w2" in event.detail and "pulse" not in gate.acts


@pytest.mark.parametrize("case", ["expired", "site", "forged", "foreign worker"])
def test_fail__codes_that_are_not_right_prove_nothing(gate: TrainingHouse, case: str) -> None:
    now = gate.clock.utc().replace(microsecond=0)
    issued = now - timedelta(hours=2) if case == "expired" else now
    site = "site-2" if case == "site" else ""
    worker = "w9" if case == "foreign worker" else "w1"
    code = TrainingCode("l-1", TrainingStep.PROOF, worker, site, issued, issued + timedelta(minutes=15))
    gate.codes.text = make_training_code(code, Ed25519PrivateKey.generate() if case == "forged" else KEY)
    nobody(gate)
    gate.sees(unknown(1), 1.0)
    assert not any(event.proven for event in gate.trainings)
    assert "pulse" not in gate.acts


def test_ok__without_a_face_a_guard_confirms_and_nothing_opens(gate: TrainingHouse) -> None:
    gate.codes.text = gate.text()
    nobody(gate, 17.0)
    (event,) = gate.trainings
    assert (event.proven, event.may_confirm) == (False, True)
    desk = DeskWriter(gate.folder / "desk.db", gate.clock.utc)
    asked = ConfirmTrainingRequest(by="wang", seq=event.seq, epoch=event.epoch, asked_utc=gate.clock.utc())
    desk.request_confirmation(asked)
    desk.request_confirmation(asked)
    nobody(gate, 2.0)
    proven = [one for one in gate.trainings if one.proven]
    assert [(one.by, one.worker_id, set(one.factors)) for one in proven] == [
        ("wang", "w1", {Factor.CODE, Factor.GUARD})
    ]
    assert gate.notices.count(NoticeCode.REQUEST_REFUSED) == 1, "the second click is refused"
    assert "pulse" not in gate.acts
    desk.close()


@pytest.mark.parametrize("case", ["late", "another", "face"])
def test_fail__a_guard_confirms_only_what_just_failed_for_want_of_a_face(gate: TrainingHouse, case: str) -> None:
    gate.codes.text = gate.text("w1")
    if case == "face":
        nobody(gate)
        gate.sees(known(1, "w2"), 1.0)
    else:
        nobody(gate, 17.0)
    (event,) = gate.trainings
    if case == "late":
        gate.clock.advance(301)
    desk = DeskWriter(gate.folder / "desk.db", gate.clock.utc)
    seq = event.seq + 40 if case == "another" else event.seq
    asked = ConfirmTrainingRequest(by="wang", seq=seq, epoch=event.epoch, asked_utc=gate.clock.utc())
    desk.request_confirmation(asked)
    nobody(gate, 1.0)
    assert not any(one.proven for one in gate.trainings)
    desk.close()


def test_ok__a_terminal_takes_a_whole_class_by_one_code_and_admits_nobody(terminal: TerminalHouse) -> None:
    terminal.codes.text = terminal.text("", session="c-1", step=TrainingStep.START)
    nobody(terminal)
    for approach, worker in enumerate(("w1", "w2", "w1", "w3"), start=1):
        terminal.sees(known(approach, worker), 1.0)
        nobody(terminal)
    assert [(e.worker_id, e.step, e.proven) for e in terminal.trainings] == [
        (worker, TrainingStep.START, True) for worker in ("w1", "w2", "w3")
    ]
    terminal.clock.advance(15 * 60)
    nobody(terminal)
    terminal.sees(known(9, "w2"), 2.0)
    now = terminal.clock.utc().replace(microsecond=0)
    terminal.codes.text = make(Code("w1", "", now, now + timedelta(minutes=15)), KEY)
    nobody(terminal)
    assert len(terminal.trainings) == 3, "the code is over"
    assert terminal.decisions == [] and "pulse" not in terminal.acts
    assert Advice.SHOW_CODE_OR_CARD in [shown.advice for shown in terminal.indicator.history]


def test_fail__a_photo_proves_nothing(tmp_path: Path) -> None:
    class Strict(TerminalHouse):
        live = True

    house = Strict(tmp_path)
    house.codes.text = house.text("", session="c-1", step=TrainingStep.END)
    nobody(house)
    house.sees(replace(known(1), liveness=LivenessVerdict.DOUBTFUL), 1.0)
    house.sees(replace(known(2), liveness=LivenessVerdict.NOT_CHECKED), 1.0)
    assert [event.proven for event in house.trainings] == [False]
    house.sees(replace(known(3), liveness=LivenessVerdict.LIVE), 1.0)
    assert [(event.proven, event.liveness.value) for event in house.trainings][-1] == (True, "live")
    house.loop.close()


_faces = st.builds(
    Identification,
    st.sampled_from(list(Sight)),
    st.integers(0, 3),
    st.none() | st.builds(Candidate, st.sampled_from(["w1", "w2"]), st.floats(0, 1)),
    look_alike=st.sampled_from([None, "w2"]),
    liveness=st.sampled_from(list(LivenessVerdict)),
    challenge=st.sampled_from([None, Advice.TURN_LEFT]),
)


@settings(max_examples=50)
@given(_faces, st.sampled_from(["", "w1"]), st.booleans())
def test_ok__only_the_live_face_of_the_codes_worker_proves(seen: Identification, worker: str, strict: bool) -> None:
    claim = TrainingClaim("s", TrainingStep.PROOF, worker, "training-1", _FAR)
    found = prove(claim, seen, strict)
    if found is not None and found.proven:
        assert seen.sight is Sight.KNOWN and seen.candidate is not None
        assert found.worker_id == seen.candidate.worker_id == (worker or seen.candidate.worker_id)
        assert seen.liveness is LivenessVerdict.LIVE or (not strict and seen.liveness is LivenessVerdict.NOT_CHECKED)
        assert worker or seen.look_alike is None
