"""Whose photo is whose: by the names of files, or by a table. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from common.ids import is_id
from common.photo_messages import PhotoFile
from contract.names import matched

_PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".heic", ".heif", ".avif", ".gif", ".tif", ".tiff"}
)
_COUNTED = re.compile(r"(?:[ _.-]*\(\d{1,3}\)|[ _.-]\d{1,3})$")
"""The number of a second photo: `w-1 (2)`, `w-1_2`, `w-1-2`."""


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """One row of a table of photos. `file`: "" where the file has the worker's id as its name."""

    row: int
    worker_id: str
    file: str = ""
    consent_ref: str = ""


@dataclass(frozen=True, slots=True)
class AssignedPhoto:
    """A photo and the worker whom it shows."""

    file: PhotoFile
    worker_id: str


@dataclass(frozen=True, slots=True)
class PhotoProblem:
    """Why a photo, or all photos of a worker, cannot be used. `file`: "" for a worker's."""

    file: str
    worker_id: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file or self.worker_id}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """Photos with their workers; what is wrong with others; files that are no photos by their names."""

    photos: tuple[AssignedPhoto, ...]
    problems: tuple[PhotoProblem, ...]
    left_out: tuple[str, ...]


def named_workers(files: Sequence[PhotoFile]) -> set[str]:
    """Return every id that one of the file names may mean."""
    return {name for file in files if _is_photo(file) for name in _meant(file.name)}


def assigned_by_name(files: Sequence[PhotoFile], known: Collection[str]) -> Assignment:
    """Assign each photo to the worker with its name: `w-1.jpg`, `w-1 (2).jpg`, or any file in a folder `w-1`."""
    photos, problems = [], []
    for file in filter(_is_photo, files):
        worker_id = next((name for name in _meant(file.name) if name in known), "")
        if file.problem:
            problems.append(PhotoProblem(file.name, worker_id, file.problem))
        elif not worker_id:
            problems.append(PhotoProblem(file.name, "", _unknown(file.name)))
        else:
            photos.append(AssignedPhoto(file, worker_id))
    return Assignment(tuple(photos), tuple(problems), _left_out(files))


def assigned_by_table(files: Sequence[PhotoFile], known: Collection[str], rows: Sequence[PhotoRow]) -> Assignment:
    """Assign photos to the workers whom a table names beside them; the ending of a file may be missing there."""
    by_name: dict[str, list[PhotoFile]] = {}
    for file in filter(_is_photo, files):
        for name in {_plain(file.name), _plain(PurePosixPath(_slashed(file.name)).name)}:
            by_name.setdefault(name, []).append(file)
            by_name.setdefault(_stem(name), []).append(file)
    photos, problems, taken = [], [], dict[int, str]()
    for row in rows:
        found = {file.number: file for file in by_name.get(_plain(row.file), ())}
        if problem := _row_problem(row, list(found.values()), known, taken):
            problems.append(PhotoProblem(row.file, row.worker_id, f"row {row.row}: {problem}"))
            continue
        (file,) = found.values()
        taken[file.number] = row.worker_id
        if file.problem:
            problems.append(PhotoProblem(file.name, row.worker_id, file.problem))
        else:
            photos.append(AssignedPhoto(file, row.worker_id))
    unnamed = [file.name for file in filter(_is_photo, files) if file.number not in taken]
    problems += [PhotoProblem(name, "", "the table does not name this photo: add a row") for name in unnamed]
    return Assignment(tuple(photos), tuple(problems), _left_out(files))


def _row_problem(row: PhotoRow, found: Sequence[PhotoFile], known: Collection[str], taken: Mapping[int, str]) -> str:
    if not row.file:
        return "the photo's name is missing"
    if not found:
        return "there is no photo of this name"
    if len(found) > 1:
        return f"{len(found)} photos have this name: write the folder too"
    if row.worker_id not in known:
        return f"{row.worker_id or 'the empty id'} is no worker: import the worker first, or correct the id"
    if taken.get(found[0].number, row.worker_id) != row.worker_id:
        return f"another row gives this photo to {taken[found[0].number]}: one of both is wrong"
    return ""


def _meant(name: str) -> Iterator[str]:
    """Return the ids that a file name may mean, the most likely first."""
    path = PurePosixPath(_slashed(name))
    stem = path.stem.strip()
    for text in (stem, _COUNTED.sub("", stem).strip(), path.parent.name.strip()):
        if is_id(text):
            yield text


def _unknown(name: str) -> str:
    meant = next(_meant(name), "")
    if not meant:
        return "the name is no worker's id: rename the file, or name the worker in a table (--table)"
    return f"{meant} is no worker: import the worker first, rename the file, or name the worker in a table (--table)"


def _is_photo(file: PhotoFile) -> bool:
    path = PurePosixPath(_slashed(file.name))
    if any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts):
        return False
    return path.suffix.lower() in _PICTURES or bool(file.problem)


def _left_out(files: Sequence[PhotoFile]) -> tuple[str, ...]:
    return tuple(file.name for file in files if not _is_photo(file))


def _plain(name: str) -> str:
    return matched(_slashed(name))


def _stem(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix).strip() if suffix in _PICTURES else name


def _slashed(name: str) -> str:
    return name.replace("\\", "/")
