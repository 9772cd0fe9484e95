"""HQ's ingest of planned events, in a process that tests kill: kills_ingest.py HQ_FOLDER EVENTS PAUSE_S.

It goes on after HQ's last event, as gates do, and waits while the database is away.
"""

import json
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.messages import EventBatch, EventRecord
from hq import config as hq_config
from hq.database.errors import StoreError
from hq.database.journals import watermarks
from hq.database.store import Store
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.keys import keys
from hq.registry.approvals import Approvals
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store

AT_ONCE = 8


def main(folder: Path, events: Path, pause_s: float) -> None:
    """Store all events, some of each gate in turn."""
    lines: defaultdict[tuple[str, str, str], list[EventRecord]] = defaultdict(list)
    for text in events.read_text().splitlines():
        found = json.loads(text)
        lines[found["site"], found["gate"], found["epoch"]].append(EventRecord(**found["record"]))
    config = hq_config.load(folder)
    pairs = keys.load(config.folder)
    store, left = _opened(config, pairs), set(lines)
    ingest = Ingest(store, Approvals(store, PeopleRegistry(store, pairs), pairs), SenderCheck(_later()))
    while left:
        for site, gate, epoch in sorted(left):
            records = lines[site, gate, epoch]
            try:
                with store.read() as db:
                    held = watermarks(db, {(gate, epoch)})
                done = held[gate, epoch].seq if held else 0
                some = tuple(records[done : done + AT_ONCE])
                if not some:
                    left.discard((site, gate, epoch))
                else:
                    ingest.take(EventBatch(site_id=site, gate_id=gate, epoch=epoch, records=some))
            except StoreError as error:
                print(f"away: {str(error)[:200]!r}", flush=True)
                time.sleep(0.3)
        time.sleep(pause_s)


def _opened(config: hq_config.HqConfig, pairs: keys.HqKeys) -> Store:
    while True:
        try:
            return open_store(config, pairs)
        except StoreError:
            time.sleep(0.3)


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
