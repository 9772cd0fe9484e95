"""Search all enrolled workers exactly: the result is that of comparing every worker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Candidate, Template, Vector
from edge.core.templates import Rows, TemplateStore
from edge.matcher.gallery.centering import Centering, fuse_template_groups
from edge.matcher.gallery.shortlist import ROWS_MIN, Shortlist

_SLICE = 4_096
"""Workers handled in one step while a gallery is built."""
CHANGED_MAX = 0.25
"""Part of a gallery's workers. If more of them changed, the gallery is built from the start."""
CENTRE_MAX = 0.95
"""Length of the mean of a gallery's workers. Of faces it is 0.1 to 0.4; near 1 all are nearly the same vector."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """An immutable gallery; a new roster makes a new one.

    `matrix` is (workers, dimension), a centred unit vector per row; `worker_ids[i]` owns row i. `templates` is the
    number of templates in it.
    """

    matrix: NDArray[np.float32] = field(repr=False)
    worker_ids: tuple[str, ...]
    templates: int
    centering: Centering
    _shortlist: Shortlist | None = field(default=None, repr=False)

    @classmethod
    def build(
        cls,
        templates: Sequence[tuple[str, Template]],
        model_id: str,
        dimension: int,
        centering: Centering | None = None,
    ) -> "Gallery":
        """Build the gallery of the templates that belong to `model_id`. Others, and damaged ones, are left out.

        A worker's templates are fused into one: measured, that beats the best of several scores (docs/ACCURACY.md).
        Without `centering` the gallery computes its own. Large arrays are handled in slices. So building needs little
        extra memory, and no step blocks another thread for long.
        """
        store = TemplateStore.of(templates)
        vectors, owners = store.of_model(model_id, dimension)
        sound = _sound(vectors)
        matrix, numbers = _one_per_worker(vectors, owners, np.flatnonzero(sound))
        return cls._assembled(
            matrix, tuple(store.worker_ids[number] for number in numbers), int(sound.sum()), centering
        )

    def updated(self, was: TemplateStore, now: TemplateStore, model_id: str) -> "Gallery | None":
        """Make the gallery of `now` from this one, which is that of `was`. None if they differ too much.

        None also if this gallery's workers are so alike that rounding would show. Up to rounding and the order of rows,
        the result equals that of `build`. The centre changes, so every row does; only changed workers are fused again.
        """
        names, centre = was.differing(now), self.centering.centre
        if names is None or len(names) > self.size * CHANGED_MAX or float(centre @ centre) > CENTRE_MAX**2:
            return None
        before, after = was.of_workers(names), now.of_workers(names)
        stays = np.fromiter((who not in names for who in self.worker_ids), np.bool_, self.size)
        vectors, owners = after.of_model(model_id, self.matrix.shape[1])
        sound = _sound(vectors)
        fresh, numbers = _one_per_worker(vectors, owners, np.flatnonzero(sound))
        matrix = np.empty((int(stays.sum()) + len(fresh), self.matrix.shape[1]), np.float32)
        rows = np.flatnonzero(stays)
        for part in _slices(len(rows)):
            matrix[part] = self.centering.undo(self.matrix[rows[part]])
        matrix[len(rows) :] = fresh
        gone = int(_sound(before.of_model(model_id, self.matrix.shape[1])[0]).sum())
        worker_ids = tuple(self.worker_ids[row] for row in rows) + tuple(after.worker_ids[number] for number in numbers)
        return self._assembled(matrix, worker_ids, self.templates - gone + int(sound.sum()))

    @classmethod
    def _assembled(
        cls,
        matrix: NDArray[np.float32],
        worker_ids: tuple[str, ...],
        templates: int,
        centering: Centering | None = None,
    ) -> "Gallery":
        """`matrix`: a unit vector per worker, not yet centred. It is taken over and changed."""
        centering = centering or Centering.of(matrix)
        for part in _slices(len(matrix)):
            matrix[part] = centering.apply(matrix[part])
        matrix.setflags(write=False)
        shortlist = Shortlist(matrix) if len(matrix) >= ROWS_MIN else None
        return cls(matrix, worker_ids, templates, centering, shortlist)

    def wipe(self) -> None:
        """Erase the templates of a gallery that is no longer searched."""
        self.matrix.setflags(write=True)
        self.matrix.fill(0)

    @property
    def size(self) -> int:
        """The number of workers that a stranger is compared with."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """Find the worker with the best score; None if the gallery is empty."""
        if self.size == 0:
            return None
        probe = self.centering.apply(probe)
        if self._shortlist is None:
            scores = self.matrix @ probe
            best = int(np.argmax(scores))
            return Candidate(self.worker_ids[best], float(np.clip(scores[best], -1, 1)))
        rows = self._shortlist.of(probe)
        scores = self.matrix[rows] @ probe
        best = int(np.argmax(scores))
        return Candidate(self.worker_ids[int(rows[best])], float(np.clip(scores[best], -1, 1)))

    def runner_up(self, probe: Vector, worker_id: str) -> float | None:
        """Find the best score of any worker but this one; None if there is none."""
        if self.size < 2:
            return None
        scores = self.matrix @ self.centering.apply(probe)
        scores[self.worker_ids.index(worker_id)] = -1
        return float(np.clip(scores.max(), -1, 1))


def _slices(count: int) -> Iterator[slice]:
    return (slice(start, min(count, start + _SLICE)) for start in range(0, count, _SLICE))


def _sound(vectors: Rows) -> NDArray[np.bool_]:
    """True for rows that have a direction."""
    sound = np.empty(len(vectors), np.bool_)
    for part in _slices(len(vectors)):
        norms = np.linalg.norm(vectors[part].astype(np.float32), axis=1)
        sound[part] = np.isfinite(norms) & (norms > 0)
    return sound


def _one_per_worker(
    vectors: Rows, owners: NDArray[np.int32], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], list[int]]:
    """Fuse the given rows of `vectors` into one unit vector per worker. Returns them with each row's worker,
    ascending."""
    rows = rows[np.argsort(owners[rows], kind="stable")]
    numbers, starts = np.unique(owners[rows], return_index=True)
    ends = np.append(starts[1:], len(rows))
    matrix = np.empty((len(numbers), vectors.shape[1]), np.float32)
    for part in _slices(len(numbers)):
        first, last = starts[part], ends[part]
        units = vectors[rows[first[0] : last[-1]]].astype(np.float32)
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        matrix[part] = fuse_template_groups(units, first - first[0])
    return matrix, [int(number) for number in numbers]
