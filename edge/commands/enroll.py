"""`sitegate enroll`: a worker's photos become a template that only HQ can read."""

import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from common import ids
from common.terminal.console import TextColumn, styled
from contract.signing import BadKey, read_sealing_public
from edge.app.roster import open_roster
from edge.app.state_folders import DESK, as_owner, desk_dir
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, err, example, fail, load_config, out
from edge.core.config import Config
from edge.core.domain import EnrolmentRequest, Image, Template
from edge.core.ports import JournalError
from edge.storage.desk import DeskError, DeskWriter
from edge.system.clock import SystemClock

if TYPE_CHECKING:
    from edge.matcher import FaceMatcher

OVERRIDE = "enrol-override"
"""How the audit trail calls an enrolment that was forced."""


def enroll(
    worker: Annotated[str, typer.Option("--worker", "-w", help="The worker's id, as HQ's roster calls it.")],
    consent: Annotated[str, typer.Option("--consent", help="Reference of the worker's recorded consent.")],
    photos: Annotated[list[Path] | None, typer.Argument(help="One or more photos of this one person.")] = None,
    camera: Annotated[bool, typer.Option("--camera", help="Use the gate's own camera instead of photos.")] = False,
    within: Annotated[float, typer.Option("--within", min=1, max=600, help="Seconds that the camera may take.")] = 30,
    config: ConfigOption = DEFAULT_CONFIG,
    to_file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a file for `sitegate-hq import` instead of sending it.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who enrols, for the audit.")] = "operator",
    force: Annotated[
        str | None,
        typer.Option("--force", metavar="WHY", help="Enrol although the roster speaks against it; WHY is recorded."),
    ] = None,
) -> None:
    """Enrol a worker from photos, or from the gate's camera.

    No picture is kept. The template goes to HQ sealed, and comes back with the roster. The new face is first compared
    with the roster, so that nobody gets two ids and no id gets two faces.
    """
    from edge.camera import CameraFault
    from edge.matcher import EnrolmentError, ModelError, open_matcher
    from edge.matcher.enrolment.request import enrolment_record, read_photos, sealed_request
    from edge.sim import ScriptError

    loaded = load_config(config)
    if camera == bool(photos):
        raise fail("give photos of the worker, or --camera, and not both", EXIT_USAGE)
    ids.checked("worker_id", worker)
    if to_file is not None and not to_file.absolute().parent.is_dir():
        raise fail(f"there is no folder {to_file.absolute().parent}: choose another place with --out", EXIT_USAGE)
    if not consent.strip():
        raise fail("no template without consent: give the reference of the consent record with --consent", EXIT_USAGE)
    if force is not None and not force.strip():
        raise fail("say why: --force needs a reason, which is recorded", EXIT_USAGE)
    try:
        hq_key = read_sealing_public(loaded.keys.hq_sealing_public_path)
        matcher = open_matcher(loaded.matcher, loaded.paths.models_dir)
        templates = matcher.enrol(read_photos(photos) if photos else _from_camera(loaded, matcher, within))
        enrolment = enrolment_record(worker, consent, templates, SystemClock().utc())
        objection = _objection(loaded, matcher, worker, templates)
    except (BadKey, CameraFault, EnrolmentError, ModelError, ScriptError) as error:
        raise fail(str(error)) from error
    if objection and force is None:
        raise fail(f'{objection}; nothing was stored. If it is right all the same: --force "the reason"')
    request = sealed_request(enrolment, hq_key)
    try:
        ref = _hand_over(loaded, request if to_file is None else None, by, worker, objection, force)
    except (DeskError, JournalError) as error:
        raise fail(str(error)) from error
    if to_file is None:
        out.print(f"{worker}: {len(templates)} template(s) handed to the gate, which sends them to HQ (request {ref})")
        return
    text = json.dumps({"sealed_enrolments": [b64encode(request.sealed_record).decode()]})
    to_file.write_text(text, encoding="utf-8")
    out.print(f"wrote {to_file}: at HQ run `sitegate-hq import {to_file}`", soft_wrap=True)


def _from_camera(config: Config, matcher: "FaceMatcher", within_s: float) -> list[Image]:
    """Good pictures of who stands in front of the gate. Raises CameraFault, EnrolmentError, ScriptError."""
    from edge.app.devices import make_camera
    from edge.matcher import EnrolmentError
    from edge.matcher.enrolment.guided_capture import WANTED, GuidedCapture
    from edge.matcher.enrolment.request import take_frames
    from edge.tools.selfcheck import gate_is_running

    if gate_is_running(config):
        raise EnrolmentError(
            "the gate is running and has the camera: stop it first (systemctl stop sitegate-gate), or give photos"
        )
    clock = SystemClock()
    device = make_camera(config, clock)
    try:
        device.start()
        with Progress(BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), console=err) as bar:
            task = bar.add_task("look at the camera", total=WANTED)
            return take_frames(
                device,
                clock,
                GuidedCapture(matcher.engine, config.matcher),
                within_s,
                lambda good, advice: bar.update(task, completed=good, description=advice or "good, stay like this"),
            )
    finally:
        device.close()


def _hand_over(
    config: Config, request: EnrolmentRequest | None, by: str, worker_id: str, objection: str, why: str | None
) -> str:
    """Record what was overridden, then give the gate the request, if it is for the gate; its `ref`. Raises
    DeskError."""
    if not objection and request is None:
        return ""
    with as_owner(desk_dir(config)):
        desk = DeskWriter(config.paths.state_dir / DESK)
        try:
            if objection:
                desk.audit(by, OVERRIDE, f"worker {worker_id}: {objection}; because: {why}")
                err.print(styled(("forced:", "yellow"), f" {objection}"))
            return desk.request_enrolment(request, by=by) if request else ""
        finally:
            desk.close()


def _objection(config: Config, matcher: "FaceMatcher", worker_id: str, new: Sequence[Template]) -> str:
    """What the roster that this gate holds says against the enrolment; "" if nothing. Raises BadKey."""
    from edge.matcher.enrolment.duplicate import find_conflict

    reader = open_roster(config)
    reader.refresh()
    roster, trouble = reader.state, reader.trouble
    reader.close()
    if not roster.roster.version:
        why = trouble or "this gate has no roster yet"
        err.print(styled(("not compared with anybody:", "yellow"), f" {why}"))
    conflict = find_conflict(matcher, roster.templates, worker_id, new)
    return str(conflict) if conflict else ""


def register(app: typer.Typer) -> None:
    app.command(
        epilog=example(
            "sitegate enroll front.jpg side.jpg --worker W-1042 --consent C-2026-118",
            "sitegate enroll --camera --worker W-1042 --consent C-2026-118",
        ),
    )(enroll)
