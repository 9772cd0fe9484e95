"""Nobody runs a gate that lets photos in without having chosen so, and without being told in red."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from loop_rig import OneFrameEach
from structlog.testing import capture_logs
from technician import Technician
from typer.testing import CliRunner

from contract.messages import Advice, CommissioningStep, LivenessVerdict, StepState
from edge.cli import app
from edge.core.config import Config, LivenessConfig, MatcherConfig, load
from edge.core.domain import Candidate, Frame, Identification, LiveState, Sight, Tone
from edge.matcher.liveness.combined import open_liveness
from edge.screen.journal.totals import JournalTotals
from edge.screen.technician.view import technician_view
from edge.screen.translations import load_all
from edge.sim import ManualClock, RecordingGate, RecordingIndicator
from edge.tools.commissioning import camera_steps
from edge.tools.commissioning.certificate import photo_let_in
from edge.tools.commissioning.trial import GateUnderTest
from edge.tools.selfcheck import CheckState, liveness

PHONE = "a photo of a worker on a phone is let in"


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("mode", ["off", "challenge_on_doubt"])
def test_ok__config_init_takes_the_mode_and_says_what_off_means(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "gate.toml"
    result = CliRunner().invoke(app, ["config", "init", "--out", str(path), "--liveness", mode])
    assert result.exit_code == 0 and load(path).liveness.mode == mode
    assert (PHONE in words(result.output)) == (mode == "off")
    checked = CliRunner().invoke(app, ["config", "check", "-c", str(path)])
    assert checked.exit_code == 0 and (PHONE in words(checked.output)) == (mode == "off")


def test_fail__without_a_terminal_the_file_must_be_filled_in_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    result = CliRunner().invoke(app, ["config", "init", "--out", str(path)])
    assert result.exit_code == 0 and "liveness.mode" in words(result.output)
    for command in (("config", "check"), ("check",), ("gate",), ("run",)):
        refused = CliRunner().invoke(app, [*command, "-c", str(path)])
        assert refused.exit_code == 2, command
        assert "liveness.mode: not chosen yet; write one of" in words(refused.output)


def test_fail__an_unknown_mode_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    result = CliRunner().invoke(app, ["config", "init", "--out", str(path), "--liveness", "on"])
    assert result.exit_code == 2 and not path.exists()
    assert "challenge_on_doubt" in words(result.output)


def test_ok__at_a_terminal_it_is_asked_and_enter_alone_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "gate.toml"
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", "config", "init", "--out", str(path)]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.close(theirs)
    os.write(terminal, b"\non\nrequired\n")
    said, _ = process.communicate(timeout=60)
    os.close(terminal)
    assert process.returncode == 0, said
    assert load(path).liveness.mode == "required"
    assert "34 of 40" in words(said)


@pytest.mark.parametrize("mode", [None, "off", "advisory"])
def test_fail__check_says_in_red_what_is_let_in(mode: str | None) -> None:
    found = liveness(Config.model_validate({"liveness": {"mode": mode}}))
    assert (found.state, found.grave) == (CheckState.WARNING, True)
    assert PHONE in found.detail and "challenge_on_doubt" in found.todo
    assert ("not set" in found.detail) == (mode is None)


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_ok__check_is_content_where_only_live_people_pass(mode: str) -> None:
    found = liveness(Config.model_validate({"liveness": {"mode": mode}}))
    assert (found.state, found.grave) == (CheckState.OK, False)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("mode", ["off", "advisory", "required", "", "of a newer gate"])
def test_ok__the_managers_page_shows_it_in_red_for_as_long_as_it_is_so(mode: str, language: str) -> None:
    now = ManualClock().utc()
    live = LiveState(utc=now, direction="in", gate_state="locked", tone=Tone.IDLE, liveness=mode)
    summary: object = type("Summary", (), {"lists": {}, "ack": None, "link": None})()
    view = technician_view(live, JournalTotals(), summary, load_all()[language], now)  # type: ignore[arg-type]
    assert [alarm.grave for alarm in view.alarms] == ([True] if mode in ("off", "advisory") else [])


# --- Commissioning: a photo is held before the camera -----------------------------------------------------

Look = Callable[[Frame], Identification]


def named(verdict: LivenessVerdict, challenge: Advice | None = None) -> Identification:
    return Identification(Sight.KNOWN, 1, Candidate("w1", 0.7), 0.45, 3, liveness=verdict, challenge=challenge)


def tried_with(mode: str | None, *seen: Identification) -> tuple[CommissioningStep, RecordingIndicator]:
    """The step, with what the gate's recognition says frame by frame; the last for ever."""
    clock, left = ManualClock(), list(seen)

    def identify(frame: Frame) -> Identification:
        return left.pop(0) if len(left) > 1 else left[0]

    config = Config.model_validate({"liveness": {"mode": mode}})
    indicator = RecordingIndicator(clock)
    camera, gate = OneFrameEach(clock), RecordingGate(clock)
    bench = GateUnderTest(config, camera, gate, indicator, clock, lambda image: [], clock.advance, identify)
    return camera_steps.photo(bench, Technician()), indicator


@pytest.mark.parametrize("mode", [None, "off", "advisory"])
def test_fail__the_certificate_says_that_the_photo_was_let_in(mode: str | None) -> None:
    step, _ = tried_with(mode, named(LivenessVerdict.NOT_CHECKED))
    assert step.state is StepState.NOT_FITTED and photo_let_in(step)
    assert "the photo of w1 is let in" in step.measured and step.seen == "a photo was held up: yes"


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_ok__a_photo_that_is_asked_to_turn_and_refused_passes_the_step(mode: str) -> None:
    asked = [named(LivenessVerdict.NOT_CHECKED, Advice.TURN_LEFT)] * 5
    step, indicator = tried_with(mode, *asked, named(LivenessVerdict.DOUBTFUL))
    assert step.state is StepState.OK and "refused" in step.measured and not photo_let_in(step)
    assert Advice.TURN_LEFT in {shown.advice for shown in indicator.history}


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_fail__a_photo_that_is_taken_for_live_is_a_problem(mode: str) -> None:
    step, _ = tried_with(mode, named(LivenessVerdict.LIVE))
    assert step.state is StepState.PROBLEM and "taken for a live person" in step.measured


def test_fail__a_photo_of_nobody_enrolled_and_a_gate_without_workers_prove_nothing() -> None:
    step, _ = tried_with("required", Identification(Sight.UNKNOWN, 1))
    assert step.state is StepState.PROBLEM and "nobody" not in step.measured and "hold it nearer" in step.measured
    clock = ManualClock()
    parts = (OneFrameEach(clock), RecordingGate(clock), RecordingIndicator(clock), clock)
    empty = camera_steps.photo(GateUnderTest(Config(), *parts, lambda image: [], clock.advance), Technician())
    assert empty.state is StepState.PROBLEM and "no worker is enrolled" in empty.measured


def test_ok__who_only_recognises_faces_does_not_warn_of_a_mode_that_nobody_set() -> None:
    with capture_logs() as logs:
        open_liveness(LivenessConfig(), MatcherConfig(), Path())
    assert logs == []
