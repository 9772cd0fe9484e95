"""Many templates in little memory: rows of few arrays instead of an object each. Values only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from edge.domain import Template, Vector

Rows = NDArray[np.float16] | NDArray[np.float32]
"""(n, dimension), any length but zero per row."""
Owned = tuple[str, Template]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Templates of one model and dimension. Row i of `vectors` belongs to worker number `owners[i]` of the store."""

    model_id: str
    vectors: Rows
    owners: NDArray[np.int32]


class TemplateStore(Sequence[Owned]):
    """(worker_id, template) pairs, made when asked for. `vectors` are kept as they came (float16 from HQ); a template
    that is handed out is float32 and of unit length."""

    def __init__(self, worker_ids: Sequence[str], blocks: Sequence[Block]) -> None:
        self.worker_ids, self.blocks = tuple(worker_ids), tuple(blocks)
        self._starts = np.cumsum([0, *(len(block.owners) for block in self.blocks)])

    @classmethod
    def of(cls, templates: Iterable[Owned]) -> "TemplateStore":
        """A store of these pairs, grouped by model; workers in order of first appearance."""
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

    def of_model(self, model_id: str, dimension: int) -> tuple[Rows, NDArray[np.int32]]:
        """All vectors (n, dimension) of one model with their owners (n,); a copy only if there are several blocks."""
        fitting = [b for b in self.blocks if b.model_id == model_id and b.vectors.shape[1:] == (dimension,)]
        if not fitting:
            return np.empty((0, dimension), np.float32), np.empty(0, np.int32)
        if len(fitting) == 1:
            return fitting[0].vectors, fitting[0].owners
        return np.concatenate([b.vectors for b in fitting]), np.concatenate([b.owners for b in fitting])

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
            for row in range(len(block.owners)):
                yield self._pair(block, row)

    def _pair(self, block: Block, row: int) -> Owned:
        vector = block.vectors[row].astype(np.float32)
        return self.worker_ids[block.owners[row]], Template(vector / np.linalg.norm(vector), block.model_id)
