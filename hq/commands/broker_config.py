"""`sitegate-hq broker-config`: all files for a mosquitto between gates and HQ."""

import re
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from common import ids
from hq.broker_files.access_list import BrokerFilesRefused
from hq.broker_files.mosquitto import BrokerPlan, write
from hq.commands.console import out, tell_warning
from hq.commands.context import opened
from hq.commands.options import Folder
from hq.database.clock import now
from hq.database.store import Store
from hq.registry.gates import registrations

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,250}[A-Za-z0-9])?")

HostOption = Annotated[list[str], typer.Option("--host", help="Name or address of the broker; may be repeated.")]
GateOption = Annotated[
    list[str] | None, typer.Option("--gate", help="SITE/GATE of a gate that is not registered yet; may be repeated.")
]


def broker_config(
    to: Annotated[Path, typer.Option("--to", help="The folder to write to. Nothing in it is overwritten.")],
    host: HostOption,
    folder: Folder = Path(),
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port to listen on.")] = 8883,
    gate: GateOption = None,
    by_certificate: Annotated[
        bool, typer.Option("--client-certificates", help="Gates and HQ show certificates instead of passwords.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long certificates are valid.")] = 730,
    broker_folder: Annotated[
        str, typer.Option("--broker-folder", help="Where the files lie at the broker's machine.")
    ] = "/etc/mosquitto/sitegate",
) -> None:
    """Write mosquitto.conf, access list, certificates and passwords for the sites and gates that HQ knows.

    Later, for more gates, type it again with the same folder. README.txt there says what goes where.

    Example: sitegate-hq broker-config --to ./broker-files --host broker.example
    """
    if odd := [one for one in host if not _HOST.fullmatch(one)]:
        raise BrokerFilesRefused(f"--host {odd[0]!r} is no name and no address of a machine")
    if not broker_folder.startswith("/") or not broker_folder.isprintable():
        raise BrokerFilesRefused("--broker-folder takes a whole path, such as /etc/mosquitto/sitegate")
    named = [_named(one) for one in gate or []]
    with opened(folder) as (_, _, _, store):
        gates = sorted({*_registered(store), *named})
    plan = BrokerPlan(tuple(host), port, gates, PurePosixPath(broker_folder), by_certificate, days)
    files = write(plan, to, now())
    out.print(
        f"{len(files.made)} files in {to}, for HQ and {len(gates)} gates; see {to / 'README.txt'}", highlight=False
    )
    for path in files.beside:
        tell_warning(f"{path} differs and stays; compare {path.name}.new, then put it in its place")
    if not gates:
        tell_warning("HQ knows no gate yet: name them with --gate SITE/GATE, or type this again later")


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command("broker-config")(broker_config)


def _registered(store: Store) -> list[tuple[str, str]]:
    with store.read() as db:
        return [(row.site_id, row.gate_id) for row in registrations(db) if row.revoked_utc is None]


def _named(text: str) -> tuple[str, str]:
    site, slash, gate = text.partition("/")
    if not slash:
        raise BrokerFilesRefused(f"--gate {text!r}: write SITE/GATE")
    return ids.checked("site", site), ids.checked("gate", gate)
