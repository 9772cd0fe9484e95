"""Make templates from photos of one person. Stricter than in the lane: a bad reference is wrong every day."""

from collections.abc import Sequence

import numpy as np

from edge.core.config import MatcherConfig
from edge.core.domain import Image, Template
from edge.matcher.engine.engine import FaceEngine
from edge.matcher.engine.quality import TILTED, measure, objection_to_reference


class EnrolmentError(ValueError):
    """Photos that cannot become a reference; the text says which one and what to do."""


def templates_from_photos(engine: FaceEngine, config: MatcherConfig, images: Sequence[Image]) -> list[Template]:
    """Make one template per photo (BGR, 0-255), in their order.

    Raises:
        EnrolmentError: no photo, not exactly one face in a photo, a poor face, or photos of different people.
    """
    if not images:
        raise EnrolmentError("no photo was given; give at least one")
    templates = []
    for i, image in enumerate(images, start=1):
        try:
            templates.append(template_from_photo(engine, config, image))
        except EnrolmentError as error:
            raise EnrolmentError(f"photo {i}: {error}") from error
    for i, template in enumerate(templates[1:], start=2):
        if not same_person(engine, templates[0], template):
            raise EnrolmentError(f"photos 1 and {i} do not show the same person; give photos of one person only")
    return templates


def same_person(engine: FaceEngine, one: Template, other: Template) -> bool:
    """Tell whether two templates of this engine are of one person, without a gallery to centre them with."""
    return float(np.dot(one.vector, other.vector)) >= engine.pack.impostor_tail.plain_start


def template_from_photo(engine: FaceEngine, config: MatcherConfig, image: Image) -> Template:
    """Make the template of the one person in a photo (BGR, 0-255).

    Raises:
        EnrolmentError: not exactly one face, or a poor one. The text does not name the photo.
    """
    faces = engine.detect(image)
    turned = engine.best_rotated_score(image)
    if turned > (faces[0].score if faces else 0.0):
        raise EnrolmentError(TILTED.photo)
    if not faces:
        raise EnrolmentError("no face was found; use a photo that shows the whole face from the front")
    if len(faces) > 1:
        raise EnrolmentError(f"{len(faces)} faces were found; crop it to the one person")
    face = engine.refine(image, faces[0])
    aligned = engine.align_refined(image, face)
    vector = engine.embed(aligned)
    if engine.vector_is_rotated(vector) or engine.image_is_rotated(
        image, face
    ):  # before the quality, which wrong points would distort
        raise EnrolmentError(TILTED.photo)
    fault = objection_to_reference(measure(face, aligned), config)
    if fault:
        raise EnrolmentError(fault.photo)
    return Template(vector, engine.model_id)
