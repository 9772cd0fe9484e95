"""`sitegate clock`: a technician confirms this gate's clock."""

import getpass
import secrets
from pathlib import Path
from typing import Annotated

import typer

from edge.app.state_folders import gate_dir
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, example, fail, load_config, out
from edge.core.domain import TechnicianRequest
from edge.core.ports import JournalError
from edge.storage.technician_request import RequestNotLeft, ask
from edge.system.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="What a technician says of this gate's clock.")

WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the record.")]


@app.command(epilog=example('sitegate clock believe --why "was a year ahead, set right by hand"'))
def believe(why: WhyOption, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Confirm that the clock is right now, although it once showed a later time.

    The confirmation is recorded with your name. With a connection to HQ you do not need it: HQ confirms the time.
    """
    send(config, "believe_clock", why)
    out.print(
        f"asked: {SystemClock().utc():%Y-%m-%d %H:%M:%S} UTC is right; see: sitegate events list", highlight=False
    )


def send(config: Path, kind: str, why: str) -> None:
    """Leave a request for the gate process, under the name of the person who runs this command."""
    if not why.strip():
        raise fail("--why may not be empty: it is recorded", EXIT_USAGE)
    request = TechnicianRequest.model_validate(
        {
            "kind": kind,
            "ref": f"technician-{secrets.token_hex(8)}",
            "by": getpass.getuser()[:40],
            "why": why[:300],
            "asked_utc": SystemClock().utc(),
        }
    )
    try:
        ask(gate_dir(load_config(config)), request)
    except (JournalError, RequestNotLeft) as error:
        raise fail(str(error)) from error
