"""Store many templates in little memory: rows of few arrays instead of an object each."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Template, Vector

Rows = NDArray[np.float16] | NDArray[np.float32]
"""(n, dimension); no row is zero, and rows may have any length."""
Owned = tuple[str, Template]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Templates of one model and dimension. Row i of `vectors` belongs to worker number `owners[i]` of the store.

    In a changed list only the rows `kept` count, so that unchanged rows need no copy.
    """

    model_id: str
    vectors: Rows = field(repr=False)
    owners: NDArray[np.int32]
    kept: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.owners if self.kept is None else self.kept)

    def row(self, index: int) -> int:
        """Return the row of the template with this index, 0 … len - 1."""
        return index if self.kept is None else int(self.kept[index])

    def only(self, wanted: NDArray[np.bool_]) -> "Block":
        """Keep the counted rows of workers whose number is `wanted`."""
        fitting = wanted[self.owners] if self.kept is None else wanted[self.owners[self.kept]]
        if fitting.all():
            return self
        return replace(self, kept=np.flatnonzero(fitting) if self.kept is None else self.kept[fitting])

    def gathered(self) -> tuple[Rows, NDArray[np.int32]]:
        """Return vectors and owners of the counted rows; copied if some rows do not count."""
        return (self.vectors, self.owners) if self.kept is None else (self.vectors[self.kept], self.owners[self.kept])


class TemplateStore(Sequence[Owned]):
    """(worker_id, template) pairs, made on access.

    `vectors` stay as they came (float16 from HQ). A returned template is float32 and of unit length.

    `base`: the store from which `replaced` made this one, or itself. `changed`: the workers whose templates differ from
    it.
    """

    def __init__(
        self,
        worker_ids: Sequence[str],
        blocks: Sequence[Block],
        base: "TemplateStore | None" = None,
        changed: frozenset[str] = frozenset(),
    ) -> None:
        self.worker_ids, self.blocks = tuple(worker_ids), tuple(blocks)
        self._made_of, self.changed = base, changed
        self._starts = np.cumsum([0, *(len(block) for block in self.blocks)])

    @property
    def base(self) -> "TemplateStore":
        """Return the base. It is not stored for a store itself: a cycle would stay in memory until the next garbage
        collection."""
        return self if self._made_of is None else self._made_of

    @classmethod
    def of(cls, templates: Iterable[Owned]) -> "TemplateStore":
        """Make a store of these pairs, grouped by model, with workers in order of first appearance."""
        if isinstance(templates, TemplateStore):
            return templates
        numbers: dict[str, int] = {}
        rows: dict[tuple[str, tuple[int, ...]], list[tuple[int, Vector]]] = {}
        for worker_id, template in templates:
            number = numbers.setdefault(worker_id, len(numbers))
            rows.setdefault((template.model_id, template.vector.shape), []).append((number, template.vector))
        blocks = [
            Block(model_id, np.array([v for _, v in found], np.float32), np.array([n for n, _ in found], np.int32))
            for (model_id, _), found in rows.items()
        ]
        return cls(tuple(numbers), blocks)

    def owners(self) -> frozenset[str]:
        """Return the workers who have a template."""
        found = (block.owners if block.kept is None else block.owners[block.kept] for block in self.blocks)
        return frozenset(self.worker_ids[number] for rows in found for number in np.unique(rows))

    def of_model(self, model_id: str, dimension: int) -> tuple[Rows, NDArray[np.int32]]:
        """Return all vectors (n, dimension) of one model with their owners (n,). Copied only if there are several
        blocks."""
        fitting = [b for b in self.blocks if b.model_id == model_id and b.vectors.shape[1:] == (dimension,)]
        if not fitting:
            return np.empty((0, dimension), np.float32), np.empty(0, np.int32)
        if len(fitting) == 1:
            return fitting[0].gathered()
        found = [block.gathered() for block in fitting]
        return np.concatenate([vectors for vectors, _ in found]), np.concatenate([owners for _, owners in found])

    def of_workers(self, worker_ids: Collection[str]) -> "TemplateStore":
        """Return the templates of these workers alone. Their numbers stay."""
        wanted = self._where(worker_ids)
        blocks = [block.only(wanted) for block in self.blocks]
        return TemplateStore(self.worker_ids, [block for block in blocks if len(block)])

    def replaced(self, worker_ids: Collection[str], by: "TemplateStore") -> "TemplateStore":
        """Replace these workers' templates by those in `by`; a worker who is not in it loses them.

        The cost depends on the changes: arrays are shared, and workers with equal templates keep their rows. Return the
        store itself if nothing changes.
        """
        before, after = self.of_workers(worker_ids).by_worker(), by.by_worker()
        changed = frozenset(who for who in worker_ids if before.get(who) != after.get(who))
        if not changed:
            return self
        stays = ~self._where(changed)
        blocks = [block.only(stays) for block in self.blocks]
        shift = np.int32(len(self.worker_ids))
        blocks += [replace(block, owners=block.owners + shift) for block in by.of_workers(changed).blocks]
        return TemplateStore(self.worker_ids + by.worker_ids, [b for b in blocks if len(b)], self, changed)

    def same_as(self, other: "TemplateStore") -> bool:
        """Return True if the same changes made both from one store."""
        if self.base is not other.base or self.changed != other.changed:
            return False
        return self.of_workers(self.changed).by_worker() == other.of_workers(self.changed).by_worker()

    def differing(self, other: "TemplateStore") -> frozenset[str] | None:
        """Return workers whose templates may differ from the other store's; None without a common base."""
        return self.changed | other.changed if self.base is other.base else None

    def by_worker(self) -> dict[str, list[tuple[str, bytes]]]:
        """Return model and bytes of every template by worker, sorted, to compare a few of them."""
        found: dict[str, list[tuple[str, bytes]]] = {}
        for block in self.blocks:
            for vector, owner in zip(*block.gathered(), strict=True):
                found.setdefault(self.worker_ids[owner], []).append((block.model_id, vector.tobytes()))
        return {who: sorted(own) for who, own in found.items()}

    def overwrite(self, but: "TemplateStore") -> None:
        """Overwrite the vectors of a store that is no longer needed. Arrays shared with `but` stay."""
        kept = {id(block.vectors) for store in (but, but.base) for block in store.blocks}
        for store in (self, self.base):
            for block in store.blocks:
                if id(block.vectors) not in kept and block.vectors.flags.owndata:
                    block.vectors.setflags(write=True)
                    block.vectors.fill(0)

    def _where(self, worker_ids: Collection[str]) -> NDArray[np.bool_]:
        """Mark, by worker number, the workers that are among these."""
        wanted = set(worker_ids)
        return np.fromiter(map(wanted.__contains__, self.worker_ids), np.bool_, len(self.worker_ids))

    def __len__(self) -> int:
        return int(self._starts[-1])

    @overload
    def __getitem__(self, index: int) -> Owned: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Owned]: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        row = range(len(self))[index]
        which = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._pair(self.blocks[which], row - int(self._starts[which]))

    def __iter__(self) -> Iterator[Owned]:
        for block in self.blocks:
            for index in range(len(block)):
                yield self._pair(block, index)

    def _pair(self, block: Block, index: int) -> Owned:
        row = block.row(index)
        vector = block.vectors[row].astype(np.float32)
        return self.worker_ids[block.owners[row]], Template(vector / np.linalg.norm(vector), block.model_id)
