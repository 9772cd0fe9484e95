"""The photos in a folder or a ZIP archive of unknown origin: listed and read, never extracted or copied."""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from common.photo_messages import PhotoFile
from edge.system.photo_file import BYTES_MAX, PhotoError, read_bytes

FILES_MAX = 50_000
"""More files in one run are refused: their names alone would fill the memory."""
_UTF8, _ENCRYPTED = 0x800, 0x1
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others need as much memory as the archive says."""
_NESTED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")
_ARCHIVE = "is an archive inside: unpack it, and give the photos"
_LINK = "is a link: put the photo itself there"
_OUTSIDE = "names a place outside the archive: pack the archive again"


class SourceError(ValueError):
    """A folder or an archive that cannot be used. The text says what to do."""


class PhotoSource(Protocol):
    """Where photos come from."""

    @property
    def files(self) -> tuple[PhotoFile, ...]:
        """All files, with what is wrong with them by their entry alone."""

    def read(self, number: int) -> bytes:
        """Return the content of a file. Raises PhotoError."""


def open_source(path: Path) -> PhotoSource:
    """Open a folder or a ZIP archive. Raises SourceError."""
    try:
        if path.is_dir():
            return PhotoFolder(path)
        with path.open("rb") as opened:
            packed = zipfile.is_zipfile(opened)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}): check the name and its rights") from error
    if not packed:
        raise SourceError(f"{path} is neither a folder nor a ZIP archive: give one of both")
    return PhotoArchive(path)


class PhotoFolder:
    """A folder with all below it, in the order of the names."""

    def __init__(self, folder: Path) -> None:
        self._paths: list[Path] = []
        files: list[PhotoFile] = []
        for path in _below(folder):
            if len(files) == FILES_MAX:
                raise SourceError(f"{folder} holds more than {FILES_MAX} files: enrol a part of them at a time")
            name = readable(os.fsencode(path.relative_to(folder)))
            problem = _LINK if path.is_symlink() else _nested(name)
            files.append(PhotoFile(number=len(files), name=name, problem=problem))
            self._paths.append(path)
        self.files = tuple(files)

    def read(self, number: int) -> bytes:
        if self._paths[number].is_symlink():
            raise PhotoError(_LINK)
        return read_bytes(self._paths[number])


class PhotoArchive:
    """A ZIP archive."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise SourceError(f"{path} is a damaged ZIP archive ({error}): copy it again") from error
        self._entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        if len(self._entries) > FILES_MAX:
            raise SourceError(f"{path} holds more than {FILES_MAX} files: enrol a part of them at a time")
        self.files = tuple(
            PhotoFile(number=number, name=entry_name(entry), problem=_objection(entry))
            for number, entry in enumerate(self._entries)
        )

    def read(self, number: int) -> bytes:
        """Return a member's content, at most BYTES_MAX: what it claims to be does not count."""
        entry = self._entries[number]
        if problem := _objection(entry):
            raise PhotoError(problem)
        try:
            with self._zip.open(entry) as opened:
                data = opened.read(BYTES_MAX + 1)
        except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise PhotoError(f"is damaged in the archive ({error}): pack the archive again") from error
        if len(data) > BYTES_MAX:
            raise PhotoError(f"is larger than {BYTES_MAX >> 20} MB: save it smaller")
        return data


def readable(name: bytes) -> str:
    """Decode a file name of unknown encoding: UTF-8, or GBK as Windows writes it in China."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", errors="backslashreplace")


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of a member. Without the mark for UTF-8 Python reads every name as code page 437."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return readable(entry.filename.encode("cp437"))
    except UnicodeEncodeError:
        return entry.filename


def _objection(entry: zipfile.ZipInfo) -> str:
    """Say why a member is not read; "" if nothing speaks against it."""
    name = entry_name(entry).replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in PurePosixPath(name).parts:
        return _OUTSIDE
    if stat.S_ISLNK(entry.external_attr >> 16):
        return _LINK
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted: pack the archive again, without a password"
    if entry.compress_type not in _PACKINGS:
        return "is packed in an unusual way: pack the archive again, as ordinary ZIP"
    if entry.file_size > BYTES_MAX:
        return f"is too large ({entry.file_size >> 20} MB, at most {BYTES_MAX >> 20}): save it smaller"
    return _nested(name)


def _nested(name: str) -> str:
    return _ARCHIVE if name.lower().endswith(_NESTED) else ""


def _below(folder: Path) -> Iterator[Path]:
    """Find all files below a folder; links to folders too, which are not followed. Raises SourceError."""

    def stop(error: OSError) -> None:
        raise SourceError(f"{error.filename} cannot be read ({error.strerror}): check its rights")

    for at, folders, files in os.walk(folder, onerror=stop):
        folders.sort()
        linked = [name for name in folders if Path(at, name).is_symlink()]
        yield from (Path(at, name) for name in sorted([*files, *linked]))
