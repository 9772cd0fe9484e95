"""Play a folder of photos as a camera, to try the gate without one."""

from collections.abc import Iterator
from pathlib import Path

import structlog

from edge.capture.source import CameraFault
from edge.core.domain import Image
from edge.system.photo_file import PhotoError, read_photo

log = structlog.get_logger()

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class FolderSource:
    """Plays the photos of a folder in the order of their names, each for `show_s` seconds."""

    def __init__(self, path: Path, repeat: bool, rate_hz: float, show_s: float = 2.0) -> None:
        self.name = f"folder {path.name}"
        self.rate_hz: float | None = rate_hz
        self._path, self._repeat = path, repeat
        self._showings = max(1, round(show_s * rate_hz))
        self._pictures: Iterator[Image] = iter(())

    def open(self) -> None:
        self._photos()
        self._pictures = self._play()

    def read(self) -> Image | None:
        for image in self._pictures:
            return image
        raise EOFError

    def close(self) -> None:
        self._pictures = iter(())

    def _play(self) -> Iterator[Image]:
        while True:
            readable = 0
            for position, path in enumerate(self._photos(), 1):
                try:
                    photo = read_photo(path)
                except PhotoError as error:  # by its position: a photo's name may be a person's name
                    log.warning("photo_unreadable", position=position, why=str(error))
                    continue
                readable += 1
                for _ in range(self._showings):
                    yield photo.copy()
            if not readable:
                raise CameraFault(f"no photo in {self._path} can be read: replace the files")
            if not self._repeat:
                return

    def _photos(self) -> list[Path]:
        kinds = " ".join(sorted(PHOTO_SUFFIXES))
        if not self._path.is_dir():
            raise CameraFault(f"there is no folder {self._path}: check camera.path")
        found = sorted(p for p in self._path.iterdir() if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file())
        if not found:
            raise CameraFault(
                f"the folder {self._path} holds no photo: put files with one of these endings in it: {kinds}"
            )
        return found
