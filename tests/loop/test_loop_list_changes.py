"""Changes of a large roster come while people pass: every turn looks at its frame, and list and gallery change as
one."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import roster_rig
from roster_rig import FACES, HQ, PARTS, SITE, Gatehouse

from contract.deltas import Base, roster_changes, write_delta
from contract.messages import ListKind, NoticeCode, NoticeEvent, Reason, SealedTemplate, SnapshotHeader, WorkerRecord
from edge.replica.signed_lists import signed_delta

EACH = 20
PEOPLE = PARTS * EACH


class ChangingHouse(Gatehouse):
    """The gate's loop with a roster in which the first of the two faces is known."""

    def hq_changes(self, version: int, *workers: WorkerRecord, removed: tuple[str, ...] = ()) -> None:
        """Since the snapshot in force."""
        with sqlite3.connect(self.folder / "replica.db") as db:
            row = db.execute("SELECT list_version, digest FROM list_versions WHERE kind = 'roster'").fetchone()
        db.close()
        issued = self.clock.utc() - timedelta(minutes=1)
        header = SnapshotHeader(site_id="site-1", list_version=version, issued_utc=issued)
        changes = roster_changes(header, workers, removed)
        body = write_delta(changes, ListKind.ROSTER, Base(*row), SITE.public_key(), HQ)
        self.writer.add_delta(signed_delta(body, ListKind.ROSTER, "site-1", HQ.public_key()), body)

    def until_in_force(self, version: int) -> None:
        while self.roster.state.roster.version < version:
            self.turn()
            time.sleep(0.0005)  # the hand-set clock does not wait, and the gallery's thread needs the processor too

    def passage_of(self, face: int, turns: int = 30) -> None:
        """Somebody comes, and goes again."""
        for turn in range(2 * turns):
            self.engine.face = FACES[face] if turn < turns else None
            self.turn()


def _worker(worker_id: str, face: int, **fields: object) -> WorkerRecord:
    own = (SealedTemplate(model_id="test/model", vector=FACES[face].astype("<f2").tobytes()),)
    known = {"sites": ("site-1",), "training_valid_until": date(2099, 1, 1), "consent_ref": "c", "templates": own}
    return WorkerRecord.model_validate({"worker_id": worker_id, **known, **fields})


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChangingHouse]:
    monkeypatch.setattr(roster_rig, "EACH", EACH)
    made = ChangingHouse(tmp_path)
    made.folder = tmp_path
    made.hq_sends(1)
    made.until_in_force(1)
    yield made
    made.loop.close()
    made.writer.close()


def test_ok__who_was_added_is_known_and_who_was_removed_is_not(house: ChangingHouse) -> None:
    house.passage_of(1)
    house.hq_changes(2, _worker("new", 1), removed=(f"v1-{PEOPLE - 1}",))
    house.until_in_force(2)
    assert house.matcher.gallery_size == PEOPLE
    house.passage_of(1)
    best = house.matcher.search(FACES[0].astype(np.float32) / np.linalg.norm(FACES[0].astype(np.float32)))
    assert best is not None and best.score < house.matcher.threshold
    decided = [(event.roster_version, event.reason, event.worker_id) for event in house.decisions()]
    assert [found for found in decided if found[0] == 1] == [(1, Reason.UNKNOWN, None)]
    later = [found for found in decided if found[0] == 2]
    assert later == [(2, Reason.GRANTED, "new")]
    notes = [event.detail for event in house.journal.latest(1000) if isinstance(event, NoticeEvent)]
    assert [note for note in notes[::-1] if note.startswith("roster")] == ["roster version 1", "roster version 2"]


def test_ok__what_needs_no_new_gallery_counts_at_the_next_look(house: ChangingHouse) -> None:
    gallery = house.matcher.gallery
    suspended = _worker(f"v1-{PEOPLE - 1}", 0, active=False)
    house.hq_changes(2, suspended)
    house.until_in_force(2)
    assert house.matcher.gallery is gallery
    house.passage_of(0)
    assert house.decisions()[-1].reason is Reason.NOT_ACTIVE
    house.hq_changes(3, _worker(f"v1-{PEOPLE - 1}", 0))
    house.until_in_force(3)
    assert house.matcher.gallery is gallery


def test_ok__while_changes_follow_each_other_each_decision_is_that_of_one_version(house: ChangingHouse) -> None:
    last = f"v1-{PEOPLE - 1}"
    for version in range(2, 5):
        house.hq_changes(version, _worker("new", 1) if version % 2 else _worker(last, 1), removed=("v1-7",))
        number = 0
        while house.roster.state.roster.version < version:
            house.engine.face = None if number % 20 >= 12 else FACES[1]
            house.turn()
            time.sleep(0.0005)
            number += 1
    while not any(event.granted for event in house.decisions()):
        house.passage_of(1)
    granted = {(event.roster_version % 2, event.worker_id) for event in house.decisions() if event.granted}
    assert granted <= {(1, "new"), (0, last)}
    assert not [e for e in house.journal.latest(1000) if getattr(e, "code", None) is NoticeCode.LIST_REFUSED]
