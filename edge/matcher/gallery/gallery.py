"""Everybody who can be recognised, searched exactly: the answer is that of comparing every worker, never a guess."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Candidate, Template, Vector
from edge.core.templates import Rows, TemplateStore
from edge.matcher.gallery.centering import Centering, fuse_template_groups
from edge.matcher.gallery.shortlist import ROWS_MIN, Shortlist

_SLICE = 4_096
"""Workers handled at a time while a gallery is built."""
CHANGED_MAX = 0.25
"""Of a gallery's workers; if more of them changed it is built afresh."""
CENTRE_MAX = 0.95
"""Length of the mean of a gallery's workers. Of faces it is 0.1 to 0.4; close to 1 all are nearly the same vector."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Immutable; a new roster makes a new one. `matrix` is (workers, dimension), a calibrated unit vector per row, and
    `worker_ids[i]` owns row i. `templates` is how many templates went into it."""

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
        """The gallery of the templates that belong to `model_id`; others, and damaged ones, are left out.

        A worker's templates are fused into one: measured, that beats the best of several scores (docs/ACCURACY.md).
        Without a `centering` the gallery makes its own. Large arrays are gone through in slices, so that building needs
        little more memory than the gallery itself, and no step of it keeps another thread waiting for long.
        """
        store = TemplateStore.of(templates)
        vectors, owners = store.of_model(model_id, dimension)
        sound = _sound(vectors)
        matrix, numbers = _one_per_worker(vectors, owners, np.flatnonzero(sound))
        return cls._assembled(
            matrix, tuple(store.worker_ids[number] for number in numbers), int(sound.sum()), centering
        )

    def updated(self, was: TemplateStore, now: TemplateStore, model_id: str) -> "Gallery | None":
        """The gallery of `now` made from this one, which is that of `was`; None if they differ in too much, or this one's
        workers are so alike that rounding would show. Up to rounding (and the order of its rows) it is the one that `build`
        makes: what all have in common is taken out anew, so every row changes, but only changed workers are fused again.
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
        """`matrix`: a unit vector per worker, not yet calibrated; it is taken over and changed."""
        centering = centering or Centering.of(matrix)
        for part in _slices(len(matrix)):
            matrix[part] = centering.apply(matrix[part])
        matrix.setflags(write=False)
        shortlist = Shortlist(matrix) if len(matrix) >= ROWS_MIN else None
        return cls(matrix, worker_ids, templates, centering, shortlist)

    def wipe(self) -> None:
        """Make a gallery that nobody searches any more forget everybody."""
        self.matrix.setflags(write=True)
        self.matrix.fill(0)

    @property
    def size(self) -> int:
        """Workers a stranger is compared with."""
        return len(self.worker_ids)

    def search(self, probe: Vector) -> Candidate | None:
        """The worker with the best score; None if the gallery is empty."""
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
        """The best score of any other worker than this one; None if there is none."""
        if self.size < 2:
            return None
        scores = self.matrix @ self.centering.apply(probe)
        scores[self.worker_ids.index(worker_id)] = -1
        return float(np.clip(scores.max(), -1, 1))


def _slices(count: int) -> Iterator[slice]:
    return (slice(start, min(count, start + _SLICE)) for start in range(0, count, _SLICE))


def _sound(vectors: Rows) -> NDArray[np.bool_]:
    """Which rows have a direction."""
    sound = np.empty(len(vectors), np.bool_)
    for part in _slices(len(vectors)):
        norms = np.linalg.norm(vectors[part].astype(np.float32), axis=1)
        sound[part] = np.isfinite(norms) & (norms > 0)
    return sound


def _one_per_worker(
    vectors: Rows, owners: NDArray[np.int32], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], list[int]]:
    """Unit vectors, one row per worker, of the given rows of `vectors`; and each row's worker, ascending."""
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
