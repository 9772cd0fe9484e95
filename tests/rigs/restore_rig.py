"""HQ whose database is set back to an earlier copy, and a gate that remembers which lists were in force."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sync_rig import Rig, utc
from withdrawal_rig import GateSide, World

from contract.messages import ListKind
from edge.core.domain import LiveState, Tone
from edge.core.layout import GATE, REPLICA
from edge.replica.reader import ReplicaReader
from edge.storage.high_water import HighWater
from hq.keys import keys


def end_process(copy: Path) -> int:
    """Let a copied lease name a process that has ended. In tests, both HQs run in one process, which lives.

    Return how many leases the copy has: 0, or 1 if HQ ran.
    """
    with closing(sqlite3.connect(copy)) as db, db:
        return db.execute("UPDATE leases SET process = ?", (f"{os.getpid()}/1",)).rowcount


class CarefulGate(GateSide):
    """A gate whose process refuses lists older than those in force before, and reports its marks."""

    def __init__(self, rig: Rig, gate_id: str = "gate-1") -> None:
        super().__init__(rig, gate_id)
        self.water = HighWater(self.folder / GATE)
        self.roster.close()
        self.roster = ReplicaReader(
            self.folder / REPLICA, self.config.site, self.roster._hq_key, self.roster._site_key, guard=self.water
        )

    def turn(self) -> None:
        super().turn()
        withheld, highest = self.roster.state.withheld, self.water.highest()
        live = LiveState(utc=utc(), direction="in", gate_state="locked", tone=Tone.IDLE)
        told = {
            "roster_base": self.roster.state.roster_base,
            "lists_used": dict(self.water.list_marks()),
            "lists_refused": {kind: highest[kind] for kind in withheld if kind in highest},
        }
        self.journal.set_live(live.model_copy(update=told))

    def version(self, kind: ListKind) -> int:
        state = self.roster.state
        ages = {ListKind.ROSTER: state.roster, ListKind.RISK: state.risk, ListKind.POLICY: state.policy_age}
        return ages[kind].version


class OldWorld(World):
    """A world whose HQ can be set back."""

    gate_type = CarefulGate

    @property
    def database(self) -> Path:
        return self.rig.hq_folder / "hq.db"

    def copy(self) -> Path:
        """Copy the database while it is in use, as a person does with sqlite3's .backup."""
        to = self.rig.folder / "copy.db"
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
        end_process(to)
        return to

    def set_back(self, copy: Path) -> None:
        """Put an earlier copy in the database's place. HQ must not run."""
        self.store.close()
        for path in self.rig.hq_folder.glob("hq.db*"):
            path.unlink()
        copy.rename(self.database)
        self.reopen()

    def reopen(self) -> None:
        """Open the database of HQ's folder, which may be another one now."""
        self.rig.keys = keys.load(self.rig.hq_folder)
        self.store = self.rig.store()
        self.people, self.publisher = self.rig.people(self.store), self.rig.publisher(self.store)

    def publish_all(self) -> None:
        for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY):
            self.publisher.publish("site-1", kind)
