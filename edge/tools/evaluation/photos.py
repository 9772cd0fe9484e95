"""Find the photos to measure on, and their people."""

import csv
from dataclasses import dataclass
from pathlib import Path

from common.text_files import NotUtf8, read_text

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


class EvaluationError(ValueError):
    """Photos or settings that allow no measurement; the text says what to do."""


@dataclass(frozen=True, slots=True)
class EvaluationPhoto:
    """`person` is the folder's name below people/, or the file's stem below strangers/."""

    path: Path
    person: str
    stranger: bool


def find_photos(folder: Path) -> list[EvaluationPhoto]:
    """Find all photos: people/<name>/*.jpg (two or more of each are useful) and strangers/*.jpg (one person each).

    Raises:
        EvaluationError: too few to measure anything.
    """
    found = [EvaluationPhoto(path, path.parent.name, False) for path in _pictures(folder / "people", "*/*")]
    found += [EvaluationPhoto(path, path.stem, True) for path in _pictures(folder / "strangers", "*")]
    people = {photo.person for photo in found if not photo.stranger}
    both = people & {photo.person for photo in found if photo.stranger}
    if both:
        raise EvaluationError(
            f"{len(both)} name(s) are in both people/ and strangers/ of {folder}; a stranger must be nobody enrolled"
        )
    if len(people) < 2 or len(found) < len(people) + 1:
        raise EvaluationError(
            f"{folder} has too few photos; it needs people/<name>/*.jpg, two or more of each person, and strangers/*.jpg"
        )
    return found


def read_groups(path: Path) -> dict[str, str]:
    """Read person to group, from a CSV with the columns `person` and `group`. Raises EvaluationError."""
    try:
        rows = list(csv.DictReader(read_text(path).splitlines()))
        return {row["person"]: row["group"] for row in rows if row["group"]}
    except (OSError, NotUtf8, csv.Error, KeyError) as error:
        raise EvaluationError(f"{path}: needs a CSV with the header person,group ({error})") from error


def _pictures(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.suffix.lower() in SUFFIXES)
