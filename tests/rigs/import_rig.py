"""An HQ with a database and nothing else, which imports files."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from contract.messages import WorkerRecord
from hq.database.store import Store
from hq.imports.importing import Importing
from hq.imports.opening import open_source
from hq.imports.plan import ImportMode
from hq.imports.reading import ImportOptions
from hq.imports.summary import ImportSummary
from hq.keys.keys import HqKeys
from hq.registry.import_file import ImportFile
from hq.registry.people import PeopleRegistry
from hq.registry.sites import SiteRegistry


class ImportRig:
    """Sites site-1 and site-2, and what a test imports."""

    def __init__(self, folder: Path, keys: HqKeys, url: str | None = None) -> None:
        self.folder, self.keys = folder, keys
        self.store = Store(url or f"sqlite:///{folder / 'hq.db'}", keys)
        self.people = PeopleRegistry(self.store, keys)
        for site in ("site-1", "site-2"):
            SiteRegistry(self.store).add(site, by="test")

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def check(
        self,
        path: Path,
        mode: ImportMode = ImportMode.UPDATE,
        site: str | None = None,
        new_lists: Sequence[str] = (),
        columns: Mapping[str, str] = {},
        **how: Any,
    ) -> ImportSummary:
        """Check a file without changing anything. Raises ImportRefused."""
        source = open_source(path, self.store, columns, **how)
        return self._importing(mode, site, new_lists).check(source)

    def take(
        self,
        path: Path,
        mode: ImportMode = ImportMode.UPDATE,
        site: str | None = None,
        new_lists: Sequence[str] = (),
        columns: Mapping[str, str] = {},
        **how: Any,
    ) -> ImportSummary:
        """Check a file, and apply it if nothing is wrong. Raises ImportRefused."""
        source = open_source(path, self.store, columns, **how)
        importing = self._importing(mode, site, new_lists)
        checked = importing.check(source)
        return checked if checked.problem_count else importing.apply(source, checked)

    def put(self, **lists: Any) -> None:
        """Import objects directly."""
        self.people.take(ImportFile(**lists))

    def worker(self, worker_id: str) -> WorkerRecord:
        """Return a worker whom HQ knows."""
        found = self.people.find(worker_id)
        assert found is not None
        return found

    def named(self, worker_id: str) -> tuple[str | None, str | None, str | None]:
        """Return name, team and phone of a worker."""
        with self.store.read() as db:
            found = self.people.directory.of(db, [worker_id])[worker_id]
        return found.name, found.team, found.phone

    def everything(self) -> dict[str, object]:
        """Return all that an import can change, to compare."""
        with self.store.read() as db:
            workers = {worker.worker_id: worker for worker in self.people.roster(db)}
            names = self.people.directory.of(db, sorted(workers))
            risks = self.people.risk_lists.stored(db)
            rules = [self.people.policy(db, site) for site in ("site-1", "site-2")]
        return {"workers": workers, "names": names, "risks": sorted(risks, key=repr), "rules": rules}

    def close(self) -> None:
        self.store.close()

    def _importing(self, mode: ImportMode, site: str | None, new_lists: Sequence[str]) -> Importing:
        return Importing(self.people, self.store, ImportOptions(mode, site, tuple(new_lists), "test"))


def workbook(path: Path, rows: Sequence[Sequence[object]], **sheets: Sequence[Sequence[object]]) -> Path:
    """Write a workbook: a sheet of these rows, and more by name. A name that begins with hidden is hidden."""
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy/m/d"})
    for name, lines in {"workers": rows, **sheets}.items():
        sheet = book.add_worksheet(name)
        if name.startswith("hidden"):
            sheet.hide()
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                if isinstance(value, date | datetime):
                    sheet.write_datetime(number, column, value, day)
                elif isinstance(value, str) and not value.startswith("="):
                    sheet.write_string(number, column, value)
                elif value is not None:
                    sheet.write(number, column, value)
    book.close()
    return path


def packed(path: Path, parts: Mapping[str, bytes]) -> Path:
    """Write a ZIP file of these parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return path
