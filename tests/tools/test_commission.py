"""Commissioning on real parts: the walk-up film, real recognition, gpiozero's mock pins that somebody works by hand."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from enrolment_gate import EnrolmentGate, words
from loop_rig import OneFrameEach
from technician import Technician
from typer.testing import CliRunner

from contract.codec import encode
from contract.messages import CommissioningOutcome, CommissioningRecord, CommissioningStep, StepState
from contract.signing import COMMISSIONING, sign
from edge.capture.source import letterbox
from edge.cli import app
from edge.core.config import Config
from edge.core.domain import CommissioningRequest, GateSignal
from edge.sim import ManualClock, RecordingGate, RecordingIndicator
from edge.storage.desk import DeskReader
from edge.tools.commissioning import camera_steps, gate_steps
from edge.tools.commissioning.certificate import NotACertificate, html, public_bytes, read
from edge.tools.commissioning.steps import STEPS
from edge.tools.commissioning.trial import GateUnderTest

FIRE, TAMPER = 22, 23


def bench(gate: RecordingGate, clock: ManualClock, **config: object) -> GateUnderTest:
    whole = Config.model_validate({"gate": {"pins": "mock", **config}})
    return GateUnderTest(
        whole, OneFrameEach(clock), gate, RecordingIndicator(clock), clock, lambda image: [], clock.advance
    )


def test_ok__the_relay_step_measures_one_bounded_pulse() -> None:
    clock = ManualClock()
    done = gate_steps.relay(bench(RecordingGate(clock, pulse_s=0.6), clock), Technician())
    assert done.state is StepState.OK
    assert "energised for 6" in done.measured and done.seen == "opened and locked again: yes"


def test_fail__a_relay_that_stays_energised_or_opens_nothing_does_not_pass() -> None:
    clock = ManualClock()
    stuck = gate_steps.relay(bench(RecordingGate(clock, pulse_s=9), clock), Technician())
    assert stuck.state is StepState.PROBLEM
    deaf = gate_steps.relay(bench(RecordingGate(clock, pulse_s=0.6), clock), Technician(yes=False))
    assert deaf.state is StepState.PROBLEM and "no" in deaf.seen


def test_ok__a_sensor_that_reports_passes_and_one_that_does_not_says_what_to_check() -> None:
    clock = ManualClock()
    gate = RecordingGate(clock)
    step = gate_steps.sensor("tamper", "tamper_pin", "Open the housing.", GateSignal.TAMPER)
    assert step(bench(gate, clock), Technician()).state is StepState.NOT_FITTED
    fitted = bench(gate, clock, tamper_pin=TAMPER)
    silent = step(fitted, Technician())
    assert silent.state is StepState.PROBLEM and "gate.tamper_pin" in silent.measured
    technician = Technician()
    technician.say = lambda text: gate.report(GateSignal.TAMPER)  # type: ignore[method-assign]
    assert step(fitted, technician).state is StepState.OK
    technician.say = lambda text: gate.report(GateSignal.PASSED_IN)  # type: ignore[method-assign]
    passage = STEPS["passage sensor"]
    assert passage(bench(gate, clock, passage_pin=27), technician).state is StepState.OK


def test_fail__fire_passes_only_if_the_gate_opens_without_the_computer() -> None:
    clock = ManualClock()
    gate = RecordingGate(clock)
    technician = Technician(yes=False)

    def panel(text: str) -> None:
        gate.report(GateSignal.FIRE_ON)
        gate.report(GateSignal.FIRE_OFF)

    technician.say = panel  # type: ignore[method-assign]
    done = gate_steps.fire(bench(gate, clock, fire_pin=FIRE), technician)
    assert done.state is StepState.PROBLEM and done.measured == "fire_on and fire_off reported"
    technician.yes = True
    assert gate_steps.fire(bench(gate, clock, fire_pin=FIRE), technician).state is StepState.OK


def test_fail__a_camera_without_a_face_or_without_frames_is_a_problem() -> None:
    clock = ManualClock()
    parts = bench(RecordingGate(clock), clock)
    assert "no face" in camera_steps.camera(parts, Technician()).measured
    parts.camera.ok = False  # type: ignore[attr-defined]
    assert camera_steps.camera(parts, Technician()).measured == "unplugged"


@pytest.fixture
def record() -> CommissioningRecord:
    now = ManualClock().utc()
    return CommissioningRecord(
        gate_id="g",
        site_id="s",
        technician="T-1",
        software="0",
        config_sha256="0" * 64,
        started_utc=now,
        finished_utc=now,
        outcome=CommissioningOutcome.PASSED,
        steps=(CommissioningStep(name="relay", state=StepState.OK, measured="<b>600 ms</b>"),),
    )


def test_ok__a_certificate_proves_itself(record: CommissioningRecord) -> None:
    key = Ed25519PrivateKey.generate()
    page = html(record, sign(encode(record), COMMISSIONING, key), public_bytes(key.public_key()))
    assert "<b>600 ms</b>" not in page  # measured words are text, never markup
    assert read(page).record == record


def test_fail__a_changed_certificate_and_another_page_are_refused(record: CommissioningRecord) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    envelope = sign(encode(record), COMMISSIONING, key)
    with pytest.raises(NotACertificate, match="does not fit"):
        read(html(record, envelope, public_bytes(other.public_key())))
    with pytest.raises(NotACertificate, match="no signed record"):
        read("<html></html>")


def test_ok__the_technician_signs_a_gate_off(
    tmp_path: Path, models_dir: Path, photos_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = EnrolmentGate(tmp_path, models_dir)
    faces = gate.faces(photos_dir)
    gate.photo("camera/0.png", letterbox(faces["a-today"], 640, 480))
    gate.publish({"w1": gate.matcher.enrol([faces["a-enrolled"]])})
    settings = gate.path.read_text(encoding="utf-8").replace(
        'pins = "mock"', 'pins = "mock"\npassage_pin = 27\nmock_walk_through_s = 0.2\n[indicator]\ngreen_pin = 5'
    )
    settings = settings.replace("[keys]", '[keys]\ngate_signing_path = "gate.key"')
    gate.path.write_text(settings, encoding="utf-8")
    monkeypatch.setattr(camera_steps, "WATCH_S", 0.5)
    monkeypatch.setattr(gate_steps, "SENSOR_WAIT_S", 0.3)
    arguments = ["commission", "run", "-c", str(gate.path), "--technician", "T-17", "--to", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, "--skip", "broker"], input="y\n" * 9)
    assert result.exit_code == 1, words(result)  # nobody walks through in the sensor's step, and a step was left out
    (page,) = tmp_path.glob("gate-1-*.html")
    found = read(page.read_text(encoding="utf-8")).record
    states = {step.name: step.state for step in found.steps}
    assert states["camera"] is states["relay"] is states["lamps"] is states["clock"] is StepState.OK, found
    assert states["passage sensor"] is StepState.PROBLEM and states["broker"] is StepState.SKIPPED
    assert states["sound"] is states["tamper"] is states["light"] is StepState.NOT_FITTED
    assert found.outcome is CommissioningOutcome.FAILED
    reader = DeskReader(gate.desk_path)
    (request,) = reader.requests(0)
    reader.close()
    assert request.kind == "commission"
    assert CommissioningRequest.model_validate_json(request.body).outcome is CommissioningOutcome.FAILED
    assert (tmp_path / "gate.key").stat().st_mode & 0o077 == 0
    checked = CliRunner().invoke(app, ["commission", "verify", str(page)])
    assert checked.exit_code == 0 and "by T-17" in words(checked)
    page.write_text(page.read_text(encoding="utf-8").replace('id="signed-record"', 'id="x"'), encoding="utf-8")
    assert CliRunner().invoke(app, ["commission", "verify", str(page)]).exit_code == 1
