"""`sitegate bench screen`, second part: what the pages do with a site's names after each change of the files.

HQ acknowledges events every few seconds in a rush, in the file that also holds the names. Figures are processor time of
this process: other programs do not count.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.deltas import Base, Changes, write_delta
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import Ack, DirectoryDelta, DirectoryEntry, DirectorySnapshot, ListKind, SnapshotHeader
from contract.parts import Content, write_parts
from contract.signing import private_pem, public_pem
from edge.app.screen import newest_muster
from edge.core.domain import MusterList, MusterPerson
from edge.replica.directory import DirectoryKeys, DirectoryReader
from edge.replica.signed_lists import signed_delta, signed_part
from edge.replica.writer import ReplicaWriter
from edge.screen.people.index import PeopleIndex
from edge.tools.bench.screen_process import SITE

_KIND = ListKind.DIRECTORY
PART_ROWS = 1_000
"""As HQ splits the list."""
RUNS, CHANGED = 5, 20
SURNAMES, GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文辉力",
)


@dataclass(frozen=True, slots=True)
class NamesTime:
    """One step. `read_ms`: until the names are read. `join_ms`: until the index of people follows them."""

    step: str
    read_ms: float
    join_ms: float


@dataclass(frozen=True, slots=True)
class NamesFigures:
    """A site of so many `people`. `muster_ms`: reading who is inside (half of them) once more, unchanged."""

    people: int
    steps: tuple[NamesTime, ...]
    muster_ms: float


class _Hq:
    """Signs names that nobody has, and acknowledges events."""

    def __init__(self, folder: Path, people: int) -> None:
        self.signing, self._screen = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        self._trusted, self._opening = folder / "hq.pem", folder / "screen.key.pem"
        self._trusted.write_bytes(public_pem(self.signing))
        self._opening.write_bytes(private_pem(self._screen))
        self._writer = ReplicaWriter(folder / "replica.db")
        self._people = [_entry(number) for number in range(people)]
        self._version, self._base, self._acked = 0, Base(0, ""), 0

    def publish(self) -> None:
        """Sign the whole list."""
        self._version += 1
        cuts = range(0, len(self._people), PART_ROWS)
        rows = (tuple(self._people[cut : cut + PART_ROWS]) for cut in cuts)
        head = self._head()
        contents = [Content(DirectorySnapshot(**head.model_dump(), entries=entries)) for entries in rows]
        for body in write_parts(contents, _KIND, self._screen.public_key(), self.signing):
            part = signed_part(body, _KIND, SITE.site_id, self.signing.public_key())
            self._writer.add_part(part, body)
            self._base = Base(self._version, part.header.digest)

    def change(self) -> None:
        """Sign changes of some entries."""
        self._version += 1
        head = self._head().model_dump()
        entries = tuple(_entry(number, self._version) for number in range(min(CHANGED, len(self._people))))
        changes = Changes(DirectoryDelta(**head, entries=entries))
        body = write_delta(changes, _KIND, self._base, self._screen.public_key(), self.signing)
        self._writer.add_delta(signed_delta(body, _KIND, SITE.site_id, self.signing.public_key()), body)

    def acknowledge(self) -> None:
        """Acknowledge one event more."""
        self._acked += 1
        ack = Ack(gate_id=SITE.gate_id, epoch="bench", seq=self._acked, utc=datetime.now(UTC))
        self._writer.save_ack(ack, b"not read here")

    def keys(self) -> DirectoryKeys:
        """Open the keys as the screen process does."""
        return DirectoryKeys(TrustedKeys(self._trusted), OpeningKeys(self._opening))

    def close(self) -> None:
        self._writer.close()

    def _head(self) -> SnapshotHeader:
        issued = datetime.now(UTC) + timedelta(milliseconds=self._version)
        return SnapshotHeader(site_id=SITE.site_id, list_version=self._version, issued_utc=issued)


def measure_names(folder: Path, people: int) -> NamesFigures:
    """Measure a site of so many people, in a new folder."""
    folder.mkdir()
    with (
        closing(_Hq(folder, people)) as hq,
        closing(DirectoryReader(folder / "replica.db", SITE.site_id, hq.keys)) as names,
    ):
        index = PeopleIndex(names.read)
        hq.publish()
        steps = [
            _step("first time", (lambda: None,), names, index),
            _step("an acknowledgement came", [hq.acknowledge] * RUNS, names, index),
            _step(f"changes of {CHANGED} came", [hq.change] * RUNS, names, index),
            _step("the list was signed again", [hq.publish] * RUNS, names, index),
        ]
    return NamesFigures(people, tuple(steps), _muster_ms(folder / "muster.json", people // 2))


def _step(step: str, happens: Iterable[Callable[[], None]], names: DirectoryReader, index: PeopleIndex) -> NamesTime:
    """Let something happen, a few times, and take the median of what follows."""
    read, joined = [], []
    for happen in happens:
        happen()
        read.append(_cpu_ms(names.read))
        joined.append(_cpu_ms(lambda: index.state))
    return NamesTime(step, statistics.median(read), statistics.median(joined))


def _muster_ms(path: Path, inside: int) -> float:
    now = datetime.now(UTC)
    people = tuple(MusterPerson(worker_id=_id(number), utc=now, gate_id=SITE.gate_id) for number in range(inside))
    muster = MusterList(utc=now, issued_utc=now, max_age_s=60, unnamed=0, people=people)
    path.write_text(muster.model_dump_json())
    read = newest_muster([path])
    read()
    return statistics.median(_cpu_ms(read) for _ in range(RUNS))


def _cpu_ms(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _id(number: int) -> str:
    return f"w-{number:06d}"


def _entry(number: int, version: int = 0) -> DirectoryEntry:
    """Make a person. Names repeat, as they do on a real site."""
    name = "".join(_of(text, number // step) for text, step in ((SURNAMES, 1), (GIVEN, 20), (GIVEN, 620)))
    return DirectoryEntry(
        worker_id=_id(number),
        name=name,
        employer=f"Contractor {number % 30}",
        team=f"Team {version or number % 80}",
        trade="rebar",
        phone=f"138{number:08d}",
    )


def _of(signs: Sequence[str], number: int) -> str:
    return signs[number % len(signs)]
