"""Many enrolments at once are compared with each other and with those that exist."""

import numpy as np

from edge.core.domain import Template
from edge.matcher.enrolment.duplicate import find_conflicts
from edge.matcher.gallery.gallery import Gallery

MODEL = "m"


class PlainGallery:
    """A gallery with a fixed threshold, without weights."""

    threshold = 0.5

    def __init__(self) -> None:
        self.load(())

    def load(self, templates: object) -> None:
        self.gallery = Gallery.build(templates, MODEL, 128)  # type: ignore[arg-type]

    def search(self, vector: np.ndarray) -> object:  # type: ignore[type-arg]
        return self.gallery.search(vector)


def face(person: int, photo: int = 0) -> Template:
    """A template: of one person 0.9 and more to each other, of different people about 0."""
    vector = np.random.default_rng(person).standard_normal(128)
    vector += 0.1 * np.random.default_rng([person, photo + 1]).standard_normal(128)
    return Template((vector / np.linalg.norm(vector)).astype(np.float32), MODEL)


HELD = [(f"held-{person}", face(person)) for person in range(40)]


def said(new: dict[str, list[Template]]) -> dict[str, str]:
    return {who: str(what).partition(" (score")[0] for who, what in find_conflicts(PlainGallery(), HELD, new).items()}  # type: ignore[arg-type]


def test_ok__new_people_and_new_photos_of_the_same_worker_conflict_with_nobody() -> None:
    new = {f"new-{person}": [face(person), face(person, 1)] for person in range(100, 130)}
    assert said(new | {"held-3": [face(3, 1)]}) == {}


def test_fail__the_same_face_under_two_ids_and_another_face_under_one() -> None:
    new = {"a": [face(7, 1)], "b": [face(200)], "c": [face(200, 1)], "held-5": [face(201)], "fine": [face(202)]}
    assert said(new) == {
        "a": "this face is already enrolled as worker held-7",
        "b": "this face is also on the photos of worker c",
        "c": "this face is also on the photos of worker b",
        "held-5": "this is not the face that worker held-5 is enrolled with",
    }


def test_ok__a_single_worker_and_nobody_at_all() -> None:
    matcher = PlainGallery()
    assert find_conflicts(matcher, [], {"a": [face(1)]}) == {}  # type: ignore[arg-type]
    assert find_conflicts(matcher, HELD, {}) == {}  # type: ignore[arg-type]
    assert matcher.gallery.size == 0
