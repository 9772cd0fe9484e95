"""`sitegate commission`: a technician tries everything at the gate, and gets a signed certificate."""

import hashlib
import os
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from contract import ids
from contract.codec import encode
from contract.messages import CommissioningOutcome, CommissioningRecord, CommissioningStep, StepState
from contract.signing import COMMISSIONING, BadKey, sign
from contract.terminal.console import Table, styled
from contract.terminal.text import visible
from edge import __version__
from edge.commands.common import DEFAULT_CONFIG, EXIT_PROBLEM, ConfigOption, example, fail, load_config, out
from edge.core.config import Config
from edge.system.clock import SystemClock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from edge.matcher import FaceMatcher
    from edge.tools.commissioning.trial import Step

app = typer.Typer(help="Try every part of this gate with a technician, and sign it off.")

_MARKS = {
    StepState.OK: styled(("✔", "green")),
    StepState.NOT_FITTED: styled(("–", "dim")),
    StepState.SKIPPED: styled(("–", "yellow")),
    StepState.PROBLEM: styled(("✘", "bold red")),
}


class Terminal:
    """The technician at this terminal."""

    def say(self, text: str) -> None:
        out.print(styled((f"→ {text}", "bold")))

    def confirm(self, question: str) -> bool:
        return typer.confirm(visible(question))


@app.command(
    "run",
    epilog=example(
        "sitegate commission run --technician T-17", "sitegate commission run --technician T-17 --skip light"
    ),
)
def run(
    technician: Annotated[str, typer.Option(help="Your id (no name): it stands on the certificate.")],
    config: ConfigOption = DEFAULT_CONFIG,
    skip: Annotated[
        list[str] | None, typer.Option(help="A step to leave out; may be repeated. The gate then does not pass.")
    ] = None,
    to: Annotated[Path, typer.Option(help="Folder for the certificate.", show_default="the current one")] = Path(),
) -> None:
    """Try every part of the gate with a technician, and write a signed certificate.

    Parts: camera, a photo, light, lamps, sound, relay, sensors, fire, clock, disk, keys, weights, lists, broker. Stop
    the gate process before (systemctl stop sitegate-gate). The certificate is HTML, to print. The gate sends the
    record to HQ. Exit code 1 if something is wrong.
    """
    from edge.tools.commissioning import certificate
    from edge.tools.selfcheck import gate_is_running

    loaded = load_config(config)
    ids.checked("technician", technician)
    _check_folder(to)
    if gate_is_running(loaded):
        raise fail("the gate is running and has camera and pins: stop it first (systemctl stop sitegate-gate)")
    key = _signing_key(loaded)
    clock = SystemClock()
    started = clock.utc()
    steps = _try_everything(loaded, set(skip or ()))
    record = _record(loaded, config, technician, started, clock.utc(), steps)
    envelope = sign(encode(record), COMMISSIONING, key)
    public = certificate.public_bytes(key.public_key())
    page = to / f"{record.gate_id}-{started:%Y%m%d-%H%M}.html"
    page.write_text(certificate.html(record, envelope, public), encoding="utf-8")
    _hand_over(loaded, record, envelope, public)
    _show(steps)
    out.print(
        f"{record.outcome.value}; certificate: {page}; the record goes to HQ when the gate runs again", soft_wrap=True
    )
    if record.outcome is not CommissioningOutcome.PASSED:
        raise typer.Exit(EXIT_PROBLEM)


@app.command("verify", epilog=example("sitegate commission verify north-gate-20261122-0610.html"))
def verify(page: Annotated[Path, typer.Argument(help="A certificate.", exists=True, dir_okay=False)]) -> None:
    """Check that a certificate is unchanged, and show which key signed it."""
    from edge.tools.commissioning.certificate import NotACertificate, read

    try:
        found = read(page.read_text(encoding="utf-8", errors="replace"))
    except NotACertificate as error:
        raise fail(f"{page}: {error}") from error
    record = found.record
    out.print(
        f"{record.gate_id} at {record.site_id}: {record.outcome.value}, by {record.technician}, "
        f"{record.finished_utc:%Y-%m-%d %H:%M} UTC; signed by key {found.fingerprint}",
        soft_wrap=True,
    )


def _record(
    loaded: Config, config: Path, technician: str, started: datetime, finished: datetime, steps: list[CommissioningStep]
) -> CommissioningRecord:
    good = all(step.state in (StepState.OK, StepState.NOT_FITTED) for step in steps)
    return CommissioningRecord(
        gate_id=loaded.site.gate_id,
        site_id=loaded.site.site_id,
        technician=technician,
        software=__version__,
        config_sha256=hashlib.sha256(config.read_bytes()).hexdigest(),
        started_utc=started,
        finished_utc=finished,
        outcome=CommissioningOutcome.PASSED if good else CommissioningOutcome.FAILED,
        steps=tuple(steps),
    )


def _try_everything(config: Config, skip: set[str]) -> list[CommissioningStep]:
    """Run the technician's steps, then the checks that need nobody."""
    from edge.tools import selfcheck
    from edge.tools.commissioning.steps import STEPS
    from edge.tools.commissioning.trial import step_result

    alone = {
        question.__name__: question
        for question in (
            selfcheck.clock,
            selfcheck.disk,
            selfcheck.keys,
            selfcheck.weights,
            selfcheck.lists,
            selfcheck.broker,
        )
    }
    if unknown := skip - set(STEPS) - set(alone):
        raise fail(f"there is no step {', '.join(sorted(unknown))}; known: {', '.join((*STEPS, *alone))}")
    done = [CommissioningStep(name=name, state=StepState.SKIPPED) for name in STEPS if name in skip]
    if wanted := {name: step for name, step in STEPS.items() if name not in skip}:
        done += _try_with_technician(config, wanted)
    for name, question in alone.items():
        if name in skip:
            done.append(CommissioningStep(name=name, state=StepState.SKIPPED))
            continue
        found = question(config)
        good = found.state is not selfcheck.CheckState.PROBLEM
        todo = f" → {found.todo}" if found.todo and not good else ""
        done.append(step_result(name, good, f"{found.detail}{todo}"))
    return done


def _try_with_technician(config: Config, wanted: "dict[str, Step]") -> list[CommissioningStep]:
    """Run these steps on the gate's own devices, and print each result at once."""
    from edge.app.devices import manual_devices
    from edge.app.gate import ERRORS
    from edge.tools.commissioning.certificate import photo_let_in
    from edge.tools.commissioning.trial import GateUnderTest, run_steps

    done = []
    try:
        matcher = _matcher(config)
        identify = matcher.identify if matcher.gallery_size else None
        with manual_devices(config) as parts:
            tested = GateUnderTest(config, *parts, detect=matcher.engine.detect, sleep=time.sleep, identify=identify)
            for step in run_steps(wanted, tested, Terminal()):
                measured = (step.measured, "bold red" if photo_let_in(step) else "dim")
                out.print(Text.assemble("  ", _MARKS[step.state], styled(f" {step.name}  ", measured)))
                done.append(step)
    except ERRORS as error:
        raise fail(str(error)) from error
    return done


def _check_folder(folder: Path) -> None:
    """Refuse an unusable folder before the work, not after it."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise fail(f"{folder.absolute()} is no folder that can be written: choose another one with --to")


def _matcher(config: Config) -> "FaceMatcher":
    """Load recognition with the workers enrolled so far. Raises BadKey, ModelError."""
    from edge.app.roster import open_roster
    from edge.matcher import open_matcher

    matcher = open_matcher(config.matcher, config.paths.models_dir, config.liveness)
    lists = open_roster(config)
    try:
        lists.refresh()
        matcher.load(lists.state.templates)
    finally:
        lists.close()
    return matcher


def _show(steps: Sequence[CommissioningStep]) -> None:
    from edge.tools.commissioning.certificate import photo_let_in

    table = Table("", "what", "measured", "seen")
    for step in steps:
        measured: str | Text = step.measured
        if photo_let_in(step):
            measured = styled((f"{step.measured}: a photo of a worker opens this gate", "bold red"))
        table.add_row(_MARKS[step.state], step.name, measured, step.seen)
    out.print(table)


def _hand_over(config: Config, record: CommissioningRecord, envelope: bytes, public: bytes) -> None:
    from edge.app.state_folders import DESK, as_owner, desk_dir
    from edge.core.domain import CommissioningRequest
    from edge.core.ports import JournalError
    from edge.storage.desk import DeskError, DeskWriter

    try:
        with as_owner(desk_dir(config)):
            desk = DeskWriter(config.paths.state_dir / DESK)
            try:
                request = CommissioningRequest(outcome=record.outcome, signed_record=envelope, public_key=public)
                desk.request_commissioning(request, by=record.technician)
            finally:
                desk.close()
    except (DeskError, JournalError) as error:
        raise fail(f"the record could not be handed to the gate: {error}") from error


def _signing_key(config: Config) -> "Ed25519PrivateKey":
    """This gate's own key, made if the gate process never ran."""
    from edge.app.state_folders import gate_dir, gate_key_files
    from edge.core.ports import JournalError
    from edge.system.gate_keys import open_key

    try:
        gate_dir(config)
        return open_key(*gate_key_files(config))
    except (BadKey, JournalError) as error:
        raise fail(f"this gate's own key: {error}; run this as root") from error
