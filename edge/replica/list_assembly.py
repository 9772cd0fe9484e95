"""Puts one version of a list together from its parts, in bounded steps. The list counts only when it is complete."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from contract.messages import (
    ListBase,
    ListKind,
    PartHeader,
    PolicySnapshot,
    RiskEntry,
    RiskSnapshot,
    RosterDelta,
    RosterSnapshot,
    TemplateBlock,
    WorkerEntry,
)
from contract.parts import Content, SealedPart, digest_of
from contract.signing import Opener
from edge.core.domain import ListAge, RosterState, Worker
from edge.core.templates import Block, Rows, TemplateStore
from edge.replica.signed_lists import ListRefused, open_content

_LENGTH_MIN = 1e-3
"""A shorter vector has no meaningful direction."""


class ListAssembly:
    """Takes the parts of one version in order. `header`: the first part's."""

    def __init__(self, header: PartHeader) -> None:
        self.header = header
        self.kind = header.kind
        self._fingerprints: list[bytes] = []
        self._part_reader: _PartReader = _READERS[header.kind]()

    @property
    def next_part(self) -> int | None:
        """The number of the next part, or None if all are here."""
        read = len(self._fingerprints)
        return read + 1 if read < self.header.parts else None

    @property
    def unreadable(self) -> int:
        """The number of templates that were left out because they have no direction."""
        return self._part_reader.unreadable

    def add(self, part: SealedPart, key: X25519PrivateKey | Opener) -> None:
        """Take the next part. Raises ListRefused: it does not follow the others, or does not hold what it says."""
        if part.header != self.header.model_copy(update={"part": self.next_part}):
            raise ListRefused(f"part {self.next_part} of the {self.kind.value} does not follow the parts before it")
        self._part_reader.take(open_content(part, key))
        self._fingerprints.append(part.fingerprint)

    def finish(self, state: RosterState) -> RosterState:
        """Return the state with this list in force. Raises ListRefused: the parts do not belong together."""
        if digest_of(self._fingerprints) != self.header.digest:
            raise ListRefused(f"the parts of the {self.kind.value} do not belong together")
        found = self._part_reader.into(state, ListAge(self.header.list_version, self.header.issued_utc))
        if self.kind is ListKind.ROSTER:
            base = ListBase(list_version=self.header.list_version, digest=self.header.digest)
            found = replace(found, roster_base=base)
        return found


class _PartReader(Protocol):
    unreadable: int

    def take(self, part: Content) -> None: ...

    def into(self, state: RosterState, age: ListAge) -> RosterState: ...


class RosterReader:
    """Collects workers and templates."""

    def __init__(self) -> None:
        self.unreadable = 0
        self._workers: dict[str, Worker] = {}
        self._numbers: dict[str, int] = {}
        self._blocks: list[Block] = []
        self._dates: dict[date | None, date | None] = {}
        self._words: dict[str | None, str | None] = {}
        self._sites: dict[tuple[str, ...], frozenset[str]] = {}

    def take(self, part: Content) -> None:
        assert isinstance(part.snapshot, RosterSnapshot)
        self.take_workers(part.snapshot, part.vectors)

    def take_workers(self, roster: RosterSnapshot | RosterDelta, vectors: bytes) -> None:
        """Add workers with their templates. Raises ListRefused."""
        start = 0
        numbers = [self._numbers.setdefault(entry.worker_id, len(self._numbers)) for entry in roster.workers]
        # No template is loaded without a consent reference, even if HQ sends one.
        consents = np.array([bool(entry.consent_ref) for entry in roster.workers], np.bool_)
        for block in roster.templates:
            end = start + 2 * block.dimension * len(block.owners)
            if end > len(vectors) or max(block.owners, default=-1) >= len(numbers):
                raise ListRefused("the roster's templates are not those that it lists")
            self._take_block(block, memoryview(vectors)[start:end], consents, np.array(numbers, np.int32))
            start = end
        if start != len(vectors):
            raise ListRefused("the roster's templates are not those that it lists")
        self._workers.update((entry.worker_id, self._worker(entry)) for entry in roster.workers)

    def into(self, state: RosterState, age: ListAge) -> RosterState:
        templates = TemplateStore(tuple(self._numbers), self._blocks)
        return replace(state, workers=self._workers, templates=templates, roster=age)

    def _take_block(
        self, block: TemplateBlock, data: memoryview, consents: NDArray[np.bool_], numbers: NDArray[np.int32]
    ) -> None:
        owners = np.array(block.owners, np.intp)
        # A copy, not a view: it can be overwritten when the next list comes into force.
        rows: Rows = np.frombuffer(data, "<f2").reshape(len(owners), block.dimension).copy()
        norms = np.linalg.norm(rows.astype(np.float32), axis=1)
        sound, consented = np.isfinite(norms) & (norms >= _LENGTH_MIN), consents[owners]
        self.unreadable += int((consented & ~sound).sum())
        if not (sound & consented).all():
            rows, owners = rows[sound & consented], owners[sound & consented]
        self._blocks.append(Block(block.model_id, rows, numbers[owners]))

    def _worker(self, entry: WorkerEntry) -> Worker:
        """Make a worker. Dates, sets of sites, employers and trades are few: workers share them to save memory."""
        dates, words, sites = self._dates.setdefault, self._words.setdefault, self._sites.get(entry.sites)
        return Worker(
            entry.worker_id,
            self._sites.setdefault(entry.sites, frozenset(entry.sites)) if sites is None else sites,
            entry.active,
            dates(entry.valid_from, entry.valid_from),
            dates(entry.valid_until, entry.valid_until),
            dates(entry.training_valid_until, entry.training_valid_until),
            words(entry.employer, entry.employer),
            words(entry.trade, entry.trade),
            entry.declared_utc,
            entry.slow,
            entry.cards,
            entry.pin,
        )


class _RiskReader:
    unreadable = 0

    def __init__(self) -> None:
        self._entries: list[RiskEntry] = []

    def take(self, part: Content) -> None:
        assert isinstance(part.snapshot, RiskSnapshot)
        self._entries += part.snapshot.entries

    def into(self, state: RosterState, age: ListAge) -> RosterState:
        return replace(state, risks=risks(self._entries), risk=age)


class _PolicyReader:
    unreadable = 0

    def __init__(self) -> None:
        self._policy: PolicySnapshot | None = None

    def take(self, part: Content) -> None:
        assert isinstance(part.snapshot, PolicySnapshot)
        self._policy = part.snapshot

    def into(self, state: RosterState, age: ListAge) -> RosterState:
        return replace(state, policy=self._policy, policy_age=age)


_READERS: dict[ListKind, type[_PartReader]] = {
    ListKind.ROSTER: RosterReader,
    ListKind.RISK: _RiskReader,
    ListKind.POLICY: _PolicyReader,
}


def risks(entries: Iterable[RiskEntry]) -> dict[str, tuple[RiskEntry, ...]]:
    """Return all entries by worker id. A worker may have several."""
    found: dict[str, tuple[RiskEntry, ...]] = {}
    for entry in entries:
        found[entry.worker_id] = (*found.get(entry.worker_id, ()), entry)
    return found
