"""PROMISE: a course proven at a gate is a valid training at HQ and its gates, by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone
from loop_rig import NOBODY, known
from training_gate_rig import TrainingHouse
from training_rig import KIND, event, ready_course

from contract.code import BadCode, read
from contract.messages import Reason
from district.exchange import hand_over, outbox
from district.exchange.models import OutboxRow
from district.people.registry import require_training
from district.training import registry
from district.training.codes import code_in_class, code_of_learning
from district.training.feed_handlers import handle
from district.training.models import ClassSession, CourseCompletion, Learning, TrainingProof
from district.training.rules import Step
from hq.ingest.event_columns import columns


@pytest.fixture(name="hq")
def _hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture(name="gate")
def _gate(tmp_path: Path, hq: TestedHq) -> Iterator[TrainingHouse]:
    folder = tmp_path / "gate"
    folder.mkdir()
    made = TrainingHouse(folder)
    made.clock.set_utc(timezone.now())
    made.codes.key = hq.keys.signing.public_key()
    yield made
    made.loop.close()


def _passed(town: SmallDistrict) -> Learning:
    learning = registry.start(town.people[0], ready_course(town, questions=0))
    for number in (1, 2):
        registry.read_page(learning, number, 2)
    assert registry.answer(learning, {}).passed
    return learning


def test_ok__code_and_face_at_a_gate_make_the_training_valid(
    town: SmallDistrict, hq: TestedHq, gate: TrainingHouse
) -> None:
    """From the phone's code through HQ's key and the gate's own loop to HQ's record."""
    person = town.people[0]
    require_training("officer", town.projects[0].place, KIND, "")
    outbox.put_all(OutboxRow.Kind.SITE, [one.site_id for one in town.projects])
    outbox.put_all(OutboxRow.Kind.WORKER, [person.worker_id])
    while hand_over.hand_over():
        pass
    before = hq.worker(person.worker_id)
    assert before is not None and before.training_valid_until is None
    learning = _passed(town)
    gate.lists.state.workers[person.worker_id] = gate.lists.state.workers["w1"]
    gate.codes.text = code_of_learning(learning).text
    with pytest.raises(BadCode):
        read(gate.codes.text, hq.keys.signing.public_key())
    gate.sees(NOBODY, 0.3)
    gate.sees(known(1, person.worker_id), 1.0)
    (made,) = gate.trainings
    assert columns(made)["type"] == "training" and columns(made)["worker_id"] == person.worker_id
    entry = replace(event(learning.session_name, person.worker_id), body=made.model_dump_json())
    handle([entry])
    while hand_over.hand_over():
        pass
    after = hq.worker(person.worker_id)
    assert after is not None
    valid_until = timezone.localdate() + timedelta(days=365)
    assert valid_until in {after.training_valid_until, *(one.training_valid_until for one in after.site_dates)}
    assert "pulse" not in gate.acts
    assert CourseCompletion.objects.get().by == ""


def test_ok__a_guard_at_the_gate_completes_it_too(town: SmallDistrict) -> None:
    learning = _passed(town)
    worker = town.people[0].worker_id
    handle([event(learning.session_name, worker, proven=False, factors=["code"], detail="no face was recognised")])
    assert not CourseCompletion.objects.exists()
    handle([event(learning.session_name, worker, seq=2, factors=["code", "guard"], by="wang")])
    assert CourseCompletion.objects.get().by == "wang"
    assert [one.by_face for one in TrainingProof.objects.all()] == [False, False]


def test_fail__a_code_of_a_class_is_for_its_site_alone(town: SmallDistrict, hq: TestedHq, gate: TrainingHouse) -> None:
    now = timezone.now()
    made = registry.plan_class(
        "teacher", ready_course(town), town.projects[1], starts=now, ends=now + timedelta(hours=1)
    )
    session = ClassSession.objects.get(pk=registry.ask_step("teacher", made, Step.START).pk)
    gate.codes.text = code_in_class(session, Step.START).text
    gate.sees(NOBODY, 1.0)
    assert gate.trainings == []
    assert len(gate.decisions) == 1 and Reason.GRANTED not in gate.decisions
    assert "pulse" not in gate.acts
