"""`sitegate enroll`: a worker's photos become a template that only HQ can read."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from contract.signing import BadKey, read_sealing_public
from edge.app.files import DESK
from edge.clock import SystemClock
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, example, fail, load_config, out
from edge.desk import Desk, DeskError


def enroll(
    photos: Annotated[list[Path], typer.Argument(help="One or more photos of this one person.")],
    worker: Annotated[str, typer.Option("--worker", "-w", help="The worker's id, as HQ's roster calls it.")],
    consent: Annotated[str, typer.Option("--consent", help="Reference of the worker's recorded consent.")],
    config: ConfigOption = DEFAULT_CONFIG,
    to_file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a file for `sitegate-hq import` instead of sending it.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who enrols, for the audit.")] = "operator",
) -> None:
    """Enrol a worker from photos. The photos are not kept; the template goes to HQ sealed, and back with the roster."""
    from edge.enrolment import read_photos, record, sealed_request
    from edge.matcher.enrol import EnrolmentError
    from edge.matcher.models import ModelError
    from edge.matcher.pipeline import open_matcher

    loaded = load_config(config)
    if not consent.strip():
        raise fail("no template without consent: give the reference of the consent record with --consent", EXIT_USAGE)
    try:
        hq_key = read_sealing_public(loaded.keys.hq_sealing_public_path)
        templates = open_matcher(loaded.matcher, loaded.paths.models_dir).enrol(read_photos(photos))
        enrolment = record(worker, consent, templates, SystemClock().utc())
    except (BadKey, EnrolmentError, ModelError, ValidationError) as error:
        raise fail(str(error)) from error
    request = sealed_request(enrolment, hq_key)
    if to_file is not None:
        text = json.dumps({"sealed_enrolments": [b64encode(request.sealed_record).decode()]})
        to_file.write_text(text, encoding="utf-8")
        out.print(f"wrote {to_file}: at HQ run `sitegate-hq import {to_file}`", soft_wrap=True)
        return
    try:
        desk = Desk(loaded.paths.state_dir / DESK)
        ref = desk.request_enrolment(request, by=by)
        desk.close()
    except DeskError as error:
        raise fail(str(error)) from error
    out.print(f"{worker}: {len(templates)} template(s) handed to the gate, which sends them to HQ (request {ref})")


def register(app: typer.Typer) -> None:
    app.command(
        epilog=example("sitegate enroll front.jpg side.jpg --worker W-1042 --consent C-2026-118"),
    )(enroll)
