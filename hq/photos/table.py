"""Read which photo shows whom from the rows of a sheet. Pure."""

from collections.abc import Iterable, Sequence
from itertools import islice

from common.ids import is_id
from contract.names import matched
from hq.photos.assignment import PhotoRow

HEADINGS = {
    "worker_id": (
        *("worker id", "worker_id", "worker", "id", "工号", "员工号", "员工编号", "工人编号", "人员编号", "编号"),
        *("employee id", "staff id", "badge"),
    ),
    "file": (
        "file",
        "photo",
        "photo file",
        "picture",
        "image",
        "照片",
        "相片",
        "照片文件",
        "照片名称",
        "文件名",
        "图片",
    ),
    "consent_ref": (
        *("consent", "consent ref", "consent_ref", "同意书", "同意书编号", "授权书", "授权书编号", "知情同意书"),
        "知情同意书编号",
    ),
}
"""Field -> headings that mean it, as in imports."""
HEADINGS_WITHIN = 20
CONSENT_MAX = 120


class PhotoTableError(ValueError):
    """A table that cannot be used. The text says what to do; the caller names the file."""


def photo_rows(rows: Iterable[tuple[int, Sequence[object]]]) -> list[PhotoRow]:
    """Read the rows. `rows`: number and cells, headings among the first ones. Raises PhotoTableError."""
    numbered = iter(rows)
    columns: dict[str, int] = {}
    for _, cells in islice(numbered, HEADINGS_WITHIN):
        columns = _columns(cells)
        if "worker_id" in columns:
            break
    else:
        raise PhotoTableError("no column has the heading worker_id (工号): add the heading")
    found = [row for number, cells in numbered if (row := _row(number, cells, columns))]
    _check_consents(found)
    return found


def _columns(cells: Sequence[object]) -> dict[str, int]:
    texts = [matched(str(cell or "")).replace("_", " ") for cell in cells]
    return {
        field: texts.index(heading.replace("_", " "))
        for field, headings in HEADINGS.items()
        for heading in reversed(headings)
        if heading.replace("_", " ") in texts
    }


def _row(number: int, cells: Sequence[object], columns: dict[str, int]) -> PhotoRow | None:
    """Read one row; None if it is empty. Raises PhotoTableError for an id that is none."""
    values = {field: cells[at] if at < len(cells) else "" for field, at in columns.items()}
    worker = values["worker_id"]
    if isinstance(worker, int | float):
        raise PhotoTableError(f"row {number}: the id is a number: format the column as text, then type it again")
    texts = {field: str(value or "").strip() for field, value in values.items()}
    if not any(texts.values()):
        return None
    if not is_id(texts["worker_id"]):
        raise PhotoTableError(f"row {number}: {texts['worker_id']!r} is not an id: correct it")
    if len(texts.get("consent_ref", "")) > CONSENT_MAX:
        raise PhotoTableError(f"row {number}: the consent is longer than {CONSENT_MAX} characters")
    return PhotoRow(number, texts["worker_id"], texts.get("file", ""), texts.get("consent_ref", ""))


def _check_consents(rows: Sequence[PhotoRow]) -> None:
    """Raise PhotoTableError if one worker has two consents."""
    first: dict[str, PhotoRow] = {}
    for row in rows:
        if row.consent_ref:
            before = first.setdefault(row.worker_id, row)
            if before.consent_ref != row.consent_ref:
                raise PhotoTableError(f"rows {before.row} and {row.row} give {row.worker_id} two consents: correct one")
