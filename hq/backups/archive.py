"""What is in a backup: a gzipped tar of the folder's files and the database's tables, in an encrypted file.

`about.json`: format, software, revision of the tables, time. `files/hq.toml`, `files/keys/…`: the folder's files.
`tables/NAME/000001.jsonl`: columns in the first line, then rows (`hq.backups.rows`). `sums.json`, the last member: of
each table the number of rows and their sum.
"""

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection

from hq.backups.rows import TableSum, columns, copied_tables, pieces
from hq.backups.schema import revision
from hq.backups.sealed_file import BackupError, SealedReader, SealedWriter
from hq.database.clock import now
from hq.database.store import Store

FORMAT = 1
MEMBER_MAX = 64 * 1024 * 1024
FILE_MAX = 1024 * 1024
_FILE = re.compile(r"files/((?:keys/(?:sites/)?)?[A-Za-z0-9][A-Za-z0-9._-]{0,99})")
_TABLE = re.compile(r"tables/([a-z_]{1,63})/\d{6,9}\.jsonl")


@dataclass(frozen=True, slots=True)
class About:
    """What made a backup. `revision`: of the tables."""

    revision: str
    created_utc: datetime
    software: str


@dataclass(slots=True)
class Contents:
    """What a backup was found to hold. `files`: relative path -> content."""

    about: About
    files: dict[str, bytes] = field(default_factory=dict)
    sums: dict[str, TableSum] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.sums.values())


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one table, as lines."""

    table: str
    names: list[str]
    lines: list[bytes]


def write_archive(to: IO[bytes], passphrase: str, store: Store, files: dict[str, Path], software: str) -> Contents:
    """Write a backup of one moment of the database. `files`: path in the backup -> path here."""
    sealed = SealedWriter(to, passphrase)
    packing = gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=3, mtime=0)
    with store.snapshot() as db, packing as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        about = About(revision(db), now(), software)
        _add(tar, "about.json", _json({"format": FORMAT, **_about(about)}))
        contents = Contents(about)
        for name, path in sorted(files.items()):
            contents.files[name] = path.read_bytes()
            _add(tar, f"files/{name}", contents.files[name])
        _add_tables(tar, db, contents)
        sums = {name: {"rows": one.rows, "sum": f"{one.digest:064x}"} for name, one in contents.sums.items()}
        _add(tar, "sums.json", _json(sums))
    sealed.finish()
    return contents


def read_archive(path: Path, passphrase: str) -> Iterator[Contents | Piece]:
    """Read a backup: first what it is, with its files (in the last item too), then rows. Raises BackupError.

    Nothing is proven before the last item: the whole file was read then, and every sum compared.
    """
    with _opened(path) as file:
        sealed = SealedReader(file, passphrase)
        whole = io.BufferedReader(sealed, 1024 * 1024)
        try:
            with gzip.GzipFile(fileobj=whole) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
                yield from _read(tar)
            while whole.read(1024 * 1024):  # the end of the file must be there, and unchanged
                continue
        except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise BackupError(f"the backup cannot be read ({error}): take another copy of it") from error


def _read(tar: tarfile.TarFile) -> Iterator[Contents | Piece]:
    contents: Contents | None = None
    found: dict[str, TableSum] = {}
    sums: dict[str, TableSum] | None = None
    for member in tar:
        data = _content(tar, member)
        if contents is None:
            contents = Contents(_read_about(member.name, data))
        elif match := _FILE.fullmatch(member.name):
            contents.files[match[1]] = data
        elif match := _TABLE.fullmatch(member.name):
            if not found:
                yield contents
            names, *lines = data.splitlines()
            found[match[1]] = found.get(match[1], TableSum()).plus(lines)
            yield Piece(match[1], json.loads(names), lines)
        elif member.name == "sums.json":
            sums = {name: TableSum(one["rows"], int(one["sum"], 16)) for name, one in json.loads(data).items()}
        else:
            raise BackupError(f"the backup holds {member.name!r}, which this version does not know: update sitegate-hq")
    if contents is None or sums is None or {name: one for name, one in sums.items() if one.rows} != found:
        raise BackupError("the backup is not whole: its sums differ from its rows. Take another copy of it")
    contents.sums = sums
    yield contents


def _add_tables(tar: tarfile.TarFile, db: Connection, contents: Contents) -> None:
    for table in copied_tables():
        total = TableSum()
        for number, piece in enumerate(pieces(db, table), start=1):
            total = total.plus(piece)
            head = json.dumps(columns(table)).encode()
            _add(tar, f"tables/{table.name}/{number:06}.jsonl", b"\n".join((head, *piece)))
        contents.sums[table.name] = total


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    tar.addfile(member, io.BytesIO(data))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member) if member.isfile() and member.size <= MEMBER_MAX else None
    if file is None:
        raise BackupError(f"the backup holds {member.name!r}, which is no file of a backup")
    return file.read()


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=1).encode()


def _about(about: About) -> dict[str, str]:
    return {
        "revision": about.revision,
        "created_utc": about.created_utc.astimezone(UTC).isoformat(),
        "software": about.software,
    }


def _read_about(name: str, data: bytes) -> About:
    said = json.loads(data)
    if name != "about.json" or said["format"] != FORMAT:
        raise BackupError("the backup was made by a newer sitegate-hq: update this one first")
    return About(said["revision"], datetime.fromisoformat(said["created_utc"]), said["software"])


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield file
