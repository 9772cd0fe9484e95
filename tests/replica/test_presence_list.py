"""HQ's presence list at a gate: merged with own passages, never twice; an old or false one counts as none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.deltas import Base, Changes, write_delta
from contract.messages import (
    Direction,
    JournalEnd,
    LastPassages,
    ListKind,
    PassageEvent,
    PassageOutcome,
    PresenceDelta,
    PresenceSnapshot,
)
from contract.parts import Content, read_part, write_parts
from edge.core.config import SiteConfig
from edge.replica.presence_file import PresenceFiles
from edge.replica.presence_list import PresenceListReader
from edge.replica.signed_lists import signed_delta, signed_part
from edge.replica.site_presence import SitePresence
from edge.sim import ManualClock
from edge.storage.journal import Journal
from edge.storage.presence import JournalPresence

IN, OUT = Direction.IN, Direction.OUT
HQ, SITE = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
LIMIT_S = 90.0


class House:
    """A gate with its journal, and HQ, which sends it presence lists."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.site = folder, ManualClock(), SiteConfig()
        self.journal = Journal(folder / "journal.db", self.site, self.clock)
        self.files = PresenceFiles(folder / "presence.list", folder / "presence.changes")
        self.presence = self.started()
        self.base: Base | None = None

    def started(self) -> SitePresence:
        own = JournalPresence(self.folder / "journal.db", self.clock)
        reader = PresenceListReader(self.files._whole, self.files._changes, "site-1", HQ.public_key(), SITE)
        return SitePresence(own, reader, self.clock, "gate-1")

    def passes(self, worker: str | None, way: Direction) -> PassageEvent:
        self.clock.advance(1)
        return self.journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=way, worker_id=worker)

    def end(self, seq: int | None = None) -> JournalEnd:
        """How far HQ has this gate's journal; None: all of it."""
        record = self.journal.latest(1)[0] if seq is None else None
        number = record.seq if record else seq
        (row,) = self.journal._file.db.execute("SELECT hash FROM events WHERE seq = ?", (number,)).fetchall()
        return JournalEnd(gate_id="gate-1", epoch=self.journal.epoch, seq=number, hash=row[0])

    def rows(self, inside: dict[str, float], outside: dict[str, float], at: str = "gate-2") -> dict[str, object]:
        def column(found: dict[str, float]) -> LastPassages:
            ago = tuple(int(1000 * seconds) for seconds in found.values())
            return LastPassages(workers=tuple(found), ago_ms=ago, by=(0,) * len(found))

        return {"inside": column(inside), "outside": column(outside), "gates": (at,)}

    def body(
        self, inside: dict[str, float], outside: dict[str, float] | None = None, *, unnamed: int = 0,
        ends: tuple[JournalEnd, ...] = (), issued: datetime | None = None, changes: bool = False,
        key: Ed25519PrivateKey = HQ, site_id: str = "site-1",
    ) -> bytes:  # fmt: skip
        issued = issued or self.clock.utc()
        version = int(issued.timestamp() * 1000)
        values = {"site_id": site_id, "list_version": version, "issued_utc": issued, "unnamed": unnamed, "ends": ends}
        values |= self.rows(inside, outside or {})
        reader = SITE.public_key()
        if changes:
            assert self.base is not None
            return write_delta(Changes(PresenceDelta(**values)), ListKind.PRESENCE, self.base, reader, key)  # type: ignore[arg-type]
        (body,) = write_parts([Content(PresenceSnapshot(**values))], ListKind.PRESENCE, reader, key)  # type: ignore[arg-type]
        self.base = Base(version, read_part(body, ListKind.PRESENCE, key.public_key()).header.digest)
        return body

    def hears(self, body: bytes, *, changes: bool = False) -> None:
        """As sync keeps it, which has checked the signature."""
        read = signed_delta if changes else signed_part
        self.files.keep(read(body, ListKind.PRESENCE, "site-1", HQ.public_key()).header, body)

    def says(self, **values: object) -> None:
        self.hears(self.body(**values), changes=bool(values.get("changes")))  # type: ignore[arg-type]

    def now(self) -> tuple[int, int]:
        """The version that counts (0: none), and how many are inside."""
        version = self.presence.follow(LIMIT_S)
        return version, self.presence.inside(self.clock.utc() - timedelta(hours=14))

    def last(self, worker: str) -> Direction | None:
        self.presence.follow(LIMIT_S)
        found = self.presence.last_passage(worker)
        return found.direction if found else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.presence.close()
    made.journal.close()


def test_ok__all_gates_count_and_an_own_passage_at_once_and_once(house: House) -> None:
    house.passes("w-1", IN)
    known = house.end()
    house.passes("w-2", IN)
    house.passes(None, IN)
    house.says(inside={"w-1": 5, "w-9": 7}, unnamed=1, ends=(known,))
    version, inside = house.now()
    assert version > 0
    assert inside == 2 + 1 + 1 + 1, "two by HQ, its unknown one, and two that only this gate knows yet"
    house.clock.advance(1)
    house.says(inside={"w-2": 2}, unnamed=2, ends=(house.end(),), changes=True)
    assert house.now()[1] == 3 + 2, "now HQ knows them: none counts twice"
    house.passes("w-9", OUT)
    assert house.now()[1] == 4
    assert house.last("w-9") is OUT


def test_ok__who_left_at_another_gate_may_come_in_again(house: House) -> None:
    house.passes("w-1", IN)
    assert house.last("w-1") is IN
    house.clock.advance(60)
    house.says(inside={}, outside={"w-1": 10}, ends=(house.end(),))
    assert house.last("w-1") is OUT
    house.clock.advance(LIMIT_S + 1)
    assert house.last("w-1") is IN, "an old list counts as none: the gate refuses as without HQ"
    assert house.now() == (0, 1)


def test_ok__a_late_list_does_not_hide_a_newer_own_passage(house: House) -> None:
    """HQ has not heard of the passage out: it is not in the list."""
    house.passes("w-1", IN)
    known = house.end()
    house.passes("w-1", OUT)
    house.says(inside={"w-1": 1}, ends=(known,))
    assert (house.last("w-1"), house.now()[1]) == (OUT, 0)


def test_ok__the_end_of_a_copied_journal_is_not_this_gates(house: House) -> None:
    house.passes(None, IN)
    other = house.end().model_copy(update={"hash": "0" * 64})
    house.says(inside={}, unnamed=0, ends=(other,))
    assert house.now()[1] == 1, "HQ holds the copy's first passage, and not this one"


def test_fail__an_old_list_that_is_put_back(house: House) -> None:
    old = house.body({"w-1": 1})
    house.clock.advance(30)
    house.says(inside={"w-1": 1, "w-2": 2})
    assert house.now()[1] == 2
    house.files._whole.write_bytes(old)  # the sync process was taken over
    assert house.now()[1] == 2, "within the minute it is older than one seen before"
    house.clock.advance(LIMIT_S + 1)
    assert house.now() == (0, 0), "and later it is old"
    restarted = house.started()
    assert restarted.follow(LIMIT_S) == 0
    restarted.close()


def test_fail__lists_that_are_false(house: House) -> None:
    house.says(inside={"w-1": 1})
    good = house.now()
    stranger = Ed25519PrivateKey.generate()
    later = house.clock.utc() + timedelta(seconds=5)
    for body in (
        house.body({"w-2": 1}, key=stranger, issued=later),
        house.body({"w-2": 1}, site_id="site-2", issued=later),
        house.body({"w-2": 1}, issued=later + timedelta(minutes=5)),
        b"", b"x" * 100,
    ):  # fmt: skip
        house.files._whole.write_bytes(body)
        assert house.now() == good
    house.files._whole.unlink()
    house.files._whole.symlink_to("/dev/zero")
    assert house.now() == good
    house.clock.advance(600)
    assert house.now() == (0, 0)


def test_fail__without_a_trusted_clock_no_list_counts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.says(inside={"w-1": 1})
    assert house.now()[0] > 0
    monkeypatch.setattr(house.clock, "trusted", lambda: False)
    assert house.now() == (0, 0)


def test_ok__changes_of_another_list_wait_for_theirs(house: House) -> None:
    house.says(inside={"w-1": 1})
    assert house.now()[1] == 1
    house.clock.advance(1)
    whole = house.body({"w-1": 1, "w-2": 1})
    house.clock.advance(1)
    house.says(inside={"w-3": 1}, changes=True)
    assert house.now()[1] == 1
    house.hears(whole)
    assert house.now()[1] == 3


def test_ok__an_old_list_is_shown_to_people_with_its_age(house: House) -> None:
    house.says(inside={"w-9": 1})
    issued = house.clock.utc()
    house.clock.advance(3600)
    house.passes("w-1", IN)
    assert house.now()[0] == 0
    found = house.presence.people(house.clock.utc() - timedelta(hours=14))
    assert (set(found.named), found.issued_utc) == ({"w-1", "w-9"}, issued)
    assert (found.named["w-9"].gate_id, found.named["w-1"].gate_id) == ("gate-2", "gate-1")


@settings(max_examples=20, deadline=None)
@given(
    moves=st.lists(st.tuples(st.sampled_from(["w-1", "w-2", None]), st.sampled_from([IN, OUT])), max_size=10),
    data=st.data(),
)
def test_ok__however_far_hq_is_the_same_people_are_inside(
    moves: list[tuple[str | None, Direction]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With one gate the merged count is the gate's own, for every number of passages that HQ has."""
    house = House(tmp_path_factory.mktemp("house"))
    try:
        events = [house.passes(worker, way) for worker, way in moves]
        known = data.draw(st.integers(0, len(events)))
        house.clock.advance(1)
        last = {e.worker_id: e for e in events[:known] if e.worker_id}
        ago = {w: (house.clock.utc() - e.utc).total_seconds() for w, e in last.items()}
        unnamed = 0
        for event in events[:known]:
            if event.worker_id is None:
                unnamed = max(0, unnamed + (1 if event.direction is IN else -1))
        house.says(
            inside={w: ago[w] for w, e in last.items() if e.direction is IN},
            outside={w: ago[w] for w, e in last.items() if e.direction is OUT},
            unnamed=unnamed,
            ends=(house.end(events[known - 1].seq),) if known else (),
        )
        version, inside = house.now()
        assert version > 0
        alone = JournalPresence(house.folder / "journal.db", house.clock)
        assert inside == alone.inside(house.clock.utc() - timedelta(hours=14))
        alone.close()
    finally:
        house.presence.close()
        house.journal.close()
