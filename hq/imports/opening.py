"""Opens a file for import: by its ending a JSON, TOML, CSV or XLSX file."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from common.sheets.opening import SHEETS, open_sheet
from common.sheets.refusals import ImportRefused
from common.sheets.values import CellRules
from common.text_files import NotUtf8, read_text
from contract.policy import zone_named
from hq.database import column_maps
from hq.database.clock import now
from hq.database.store import Store
from hq.imports.columns import FIELDS, KNOWN_HEADINGS
from hq.imports.lines import FileSource, SheetSource, sheet_source
from hq.registry.import_file import read_import


def is_sheet(path: Path) -> bool:
    """Tell whether a file has rows and columns, by its ending."""
    return path.suffix.lower() in SHEETS


def open_source(
    path: Path,
    store: Store,
    columns: Mapping[str, str],
    *,
    sheet: str | None = None,
    time_zone: str | None = None,
    serial_dates: Sequence[str] = (),
) -> FileSource | SheetSource:
    """Open a file. `columns`: field -> heading, as somebody named them. Raises ImportRefused."""
    if path.exists() and not path.is_file():  # a pipe would let us wait for ever
        raise ImportRefused(f"{path} is no file: give a .csv, .xlsx, .json or .toml file")
    if not is_sheet(path):
        if columns or sheet or time_zone or serial_dates:
            raise ImportRefused(
                f"{path} is no sheet: --column, --sheet, --time-zone and --serial-dates are for CSV and XLSX"
            )
        return FileSource(read_import(path))
    known = {field.key for fields in FIELDS.values() for field in fields}
    if unknown := sorted(set(serial_dates) - known):
        raise ImportRefused(f"--serial-dates {unknown[0]}: no such field; known: {', '.join(sorted(known))}")

    def saved(headings: tuple[str, ...]) -> dict[str, str]:
        with store.read() as db:
            return column_maps.saved_columns(db, headings)

    rules = CellRules(_zone(time_zone))
    return sheet_source(path, open_sheet(path, sheet, KNOWN_HEADINGS), columns, saved, rules, frozenset(serial_dates))


def save_columns(store: Store, source: SheetSource) -> None:
    """Remember the columns of a sheet for the next one with these headings."""
    with store.write("columns") as db:
        column_maps.save_columns(db, source.columns.headings, source.columns.named, now())


def named_columns(texts: Sequence[str], file: Path | None) -> dict[str, str]:
    """Read field -> heading from a file, then from options such as `name=姓名`. Raises ImportRefused."""
    found = _from_file(file) if file is not None and file.exists() else {}
    for text in texts:
        key, equals, heading = text.partition("=")
        if not equals:
            raise ImportRefused(f"--column {text}: write FIELD=HEADING, for example --column name=姓名")
        found[key.strip()] = heading.strip()
    return found


def columns_text(columns: Mapping[str, str]) -> str:
    """Return a column map as TOML, for `--columns`."""
    quoted = {key: heading.replace("\\", "\\\\").replace('"', '\\"') for key, heading in columns.items()}
    return "".join(f'{key} = "{heading}"\n' for key, heading in quoted.items())


def _from_file(path: Path) -> dict[str, str]:
    try:
        found = tomllib.loads(read_text(path))
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from error
    except NotUtf8 as error:
        raise ImportRefused(f"{path} {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused(f"{path} is no TOML: {error}") from error
    if wrong := [key for key, heading in found.items() if not isinstance(heading, str)]:
        raise ImportRefused(f'{path}: {wrong[0]} must be a heading in quotes, such as {wrong[0]} = "工号"')
    return found


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    zone = zone_named(name)
    if zone is None:
        raise ImportRefused(f"--time-zone {name!r} is no IANA time zone known here: write one such as Asia/Shanghai")
    return zone
