"""`sitegate events`: read this gate's journal."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from contract.chain import BrokenChain
from contract.chain import verify as verify_chain
from contract.messages import (
    AccessEvent,
    AnyEvent,
    ClockEvent,
    CommissioningEvent,
    EnrolmentEvent,
    NoticeEvent,
    PassageEvent,
    TrainingEvent,
)
from contract.signing import BadKey
from contract.times import corrections
from edge.app.roster import open_roster
from edge.app.state_folders import JOURNAL, gate_dir, gate_key_files
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, JsonOption, example, fail, load_config, out
from edge.core.ports import JournalError
from edge.storage.journal import JournalReader
from edge.storage.salvage import NotSalvaged
from edge.storage.salvage import salvage as save
from edge.storage.signed_heads import Signer
from edge.system.gate_keys import open_key

app = typer.Typer(
    no_args_is_help=True, help="Read this gate's journal: list, follow, verify; save what a damaged one holds."
)


@app.command("list", epilog=example("sitegate events list --limit 50", "sitegate events list --json"))
def list_(
    config: ConfigOption = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the newest events, the oldest of them first.

    A time in brackets was recorded before the clock was set right.
    """
    reader = _reader(config)
    events = reader.latest(limit)[::-1]
    if reader.trouble:
        raise fail(reader.trouble)
    if as_json:
        right = corrections(events)
        for event in events:
            out.print(_line(event, right.get(event.seq)), soft_wrap=True, highlight=False, markup=False)
        return
    table = Table("seq", "UTC", "type", "what", "worker", "detail", box=None)
    right = corrections(events)
    for event in events:
        table.add_row(str(event.seq), _when(event, right.get(event.seq)), event.type, *describe(event))
    out.print(table)


@app.command(epilog=example("sitegate events tail"))
def tail(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Follow the journal as it grows, until Ctrl-C."""
    reader = _reader(config)
    seq = max(0, reader.head() - 5)
    while True:
        new = [e for e in reader.latest(max(1, reader.head() - seq))[::-1] if e.seq > seq]
        right = corrections(new)
        for event in new:
            seq = event.seq
            what, corrected = "  ".join(describe(event)), right.get(event.seq)
            shown = f"{corrected:%H:%M:%S} ({event.utc:%H:%M:%S})" if corrected else f"{event.utc:%H:%M:%S}"
            text = _line(event, corrected) if as_json else f"{event.seq:>7}  {shown}  {event.type:9}  {what}"
            out.print(text, soft_wrap=True, highlight=False, markup=False)
        while not reader.changed():
            time.sleep(0.1)


@app.command(epilog=example("sitegate events verify"))
def verify(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Recompute the whole hash chain. Exit code 1 if a record is missing or was changed."""
    reader = _reader(config)
    base = seq, digest = reader.base()
    head = reader.head()
    try:
        while records := reader.records(seq, 1000):
            seq, digest = verify_chain(records, seq, digest)
    except BrokenChain as error:
        raise fail(
            f"the journal's chain is broken after seq {seq}: {error}; keep a copy of the file and tell HQ"
        ) from error
    if reader.trouble or seq < head:
        raise fail(f"only events up to {seq} of {head} could be read: {reader.trouble or 'the rest is missing'}")
    if as_json:
        out.print_json(json.dumps({"epoch": reader.epoch, "from_seq": base[0] + 1, "to_seq": seq, "hash": digest}))
    else:
        out.print(f"{seq - base[0]} events of epoch {reader.epoch} verified (seq {base[0] + 1} to {seq}), chain whole")


@app.command(epilog=example("sitegate events salvage /var/lib/sitegate/gate/journal.db.corrupt-20260302T070000-123456"))
def salvage(
    file: Annotated[Path, typer.Argument(help="A damaged journal that was set aside.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Save the events that only a damaged journal holds. sitegate sync sends them to HQ. The damaged file is not
    changed."""
    settings = load_config(config)
    try:
        roster = open_roster(settings)
        acked = {ack.epoch: ack.seq for ack in roster.acks()}
        roster.close()
        signer = Signer(settings.site, open_key(*gate_key_files(settings)))
        found = save(file, gate_dir(settings), gate_id=settings.site.gate_id, acked=acked, signer=signer)
    except (BadKey, JournalError, NotSalvaged) as error:
        raise fail(str(error)) from error
    out.print(str(found), soft_wrap=True, highlight=False, markup=False)


def describe(event: AnyEvent) -> tuple[str, str, str]:
    """(what, worker id, detail) of an event, for one line."""
    match event:
        case AccessEvent():
            score = "" if event.score is None else f"score {event.score:.3f} "
            return event.reason.value, event.worker_id or "", f"{score}{event.detail}"
        case PassageEvent():
            return event.outcome.value, event.worker_id or "", f"for {event.access_seq}" if event.access_seq else ""
        case NoticeEvent():
            return event.code.value, "", event.detail
        case EnrolmentEvent():
            return "enrolled", event.worker_id, f"consent {event.consent_ref}"
        case CommissioningEvent():
            return "commissioning", "", event.outcome.value
        case TrainingEvent():
            what = "training proven" if event.proven else "training not proven"
            return what, event.worker_id or "", f"{event.session_id} {event.step.value} {event.by or event.detail}"
        case ClockEvent():
            return "clock set", "", f"it showed {event.was_utc:%Y-%m-%d %H:%M:%S}"


def _when(event: AnyEvent, right: datetime | None) -> str:
    shown = f"{event.utc:%Y-%m-%d %H:%M:%S}"
    return f"{right:%Y-%m-%d %H:%M:%S} ({shown})" if right else shown


def _line(event: AnyEvent, right: datetime | None = None) -> str:
    details = event.model_dump(mode="json", exclude_none=True, exclude={"sealed_record", "signed_record", "public_key"})
    return json.dumps(details | ({"corrected_utc": right.isoformat()} if right else {}), ensure_ascii=False)


def _reader(config_path: Path) -> JournalReader:
    path = load_config(config_path).paths.state_dir / JOURNAL
    reader = JournalReader(path)
    if not reader.changed():
        if reader.trouble:
            raise fail(reader.trouble)
        raise fail(f"there is no journal at {path} yet; start the gate with: sitegate gate")
    return reader
