"""Make attempts at the gate from photos: who is enrolled, who comes, and the best candidate's score.

Terms: ISO/IEC 19795-1. A mated attempt is made by an enrolled person. A non-mated one is made by a stranger, or by an
enrolled person whose own template is left out. The gallery is then one person smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Template, Vector
from edge.matcher.gallery.centering import Centering, fuse_templates
from edge.matcher.gallery.gallery import Gallery

Floats = NDArray[np.float64]
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Usable faces by person, as a gate sees them in a frame; vectors (n, dimension), not centred.

    `people` have two or more useful photos, `strangers` any. `enrolled` holds the same photos of `people` as enrolment
    sees them, if that differs.
    """

    people: dict[str, NDArray[np.float32]]
    strangers: dict[str, NDArray[np.float32]]
    enrolled: dict[str, NDArray[np.float32]] | None = None

    @property
    def dimension(self) -> int:
        return int(next(iter(self.people.values())).shape[1])

    @property
    def references(self) -> dict[str, NDArray[np.float32]]:
        """The vectors that templates are made of."""
        return self.people if self.enrolled is None else self.enrolled

    def shuffled(self, random: np.random.Generator) -> "Faces":
        """Reorder each person's faces at random: other photos are then enrolled."""
        orders = {name: random.permutation(len(vectors)) for name, vectors in self.people.items()}
        enrolled = {name: self.references[name][order] for name, order in orders.items()}
        return Faces({name: self.people[name][order] for name, order in orders.items()}, self.strangers, enrolled)

    def only(self, names: Sequence[str]) -> "Faces":
        """Select these people, and all strangers."""
        enrolled = {name: self.references[name] for name in names}
        return Faces({name: self.people[name] for name in names}, self.strangers, enrolled)


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Mated attempts: best score, whether it is the right person's, whose attempt. Non-mated: best score, whose."""

    mated: Floats
    right: NDArray[np.bool_]
    mated_person: Names
    non_mated: Floats
    non_mated_person: Names

    @staticmethod
    def joined(parts: Sequence["Trials"]) -> "Trials":
        names = ("mated", "right", "mated_person", "non_mated", "non_mated_person")
        return Trials(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One probe, and its own row in the gallery (-1: none)."""

    person: str
    vector: Vector
    row: int
    mated: bool


def gallery_of(faces: Faces, enrolled: int, centering: Centering | None = None) -> Gallery:
    """Enrol everybody in `people` from the first `enrolled` photos."""
    model = "evaluation"
    templates = [(name, Template(v, model)) for name, vectors in faces.references.items() for v in vectors[:enrolled]]
    return Gallery.build(templates, model, faces.dimension, centering)


def attempts_of(faces: Faces, enrolled: int, frames: int) -> list[Attempt]:
    """Make fused probes of `frames` photos each: a person's photos after the enrolled ones, and the strangers'.

    A person all of whose photos are enrolled makes no mated attempt. The last photos then serve for a non-mated one.
    """
    found = []
    for row, (name, vectors) in enumerate(faces.people.items()):
        rest = vectors[enrolled:]
        chunks = [rest[i : i + frames] for i in range(0, len(rest) - frames + 1, frames)]
        for chunk in chunks:
            found += [Attempt(name, fuse_templates(chunk), row, True), Attempt(name, fuse_templates(chunk), row, False)]
        if not chunks and len(vectors) >= frames:
            found.append(Attempt(name, fuse_templates(vectors[-frames:]), row, False))
    for name, vectors in faces.strangers.items():
        found += [
            Attempt(name, fuse_templates(vectors[i : i + frames]), -1, False)
            for i in range(0, len(vectors) - frames + 1, frames)
        ]
    return found


def compare(gallery: Gallery, attempts: Sequence[Attempt], block: int = 1024) -> Trials:
    """Compare every attempt with every worker of the gallery, as `Gallery.search` does."""
    best = np.empty(len(attempts))
    right = np.zeros(len(attempts), dtype=bool)
    for start in range(0, len(attempts), block):
        part = attempts[start : start + block]
        scores = gallery.centering.apply(np.stack([a.vector for a in part])) @ gallery.matrix.T
        rows = np.array([a.row for a in part])
        out = np.array([not a.mated and a.row >= 0 for a in part])
        scores[np.flatnonzero(out), rows[out]] = -1
        best[start : start + len(part)] = scores.max(axis=1)
        right[start : start + len(part)] = scores.argmax(axis=1) == rows
    mated = np.array([a.mated for a in attempts])
    person = np.array([a.person for a in attempts])
    return Trials(best[mated], right[mated], person[mated], best[~mated], person[~mated])


def run(faces: Faces, enrolled: int = 1, frames: int = 1, orders: int = 1, seed: int = 1) -> Trials:
    """Make the attempts of `orders` orders of the photos: first the given one, then random ones."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(orders):
        shown = faces if number == 0 else faces.shuffled(random)
        parts.append(compare(gallery_of(shown, enrolled), attempts_of(shown, enrolled, frames)))
    return Trials.joined(parts)
