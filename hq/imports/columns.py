"""Which column of a sheet holds which field: guessed from its headings, or told by a person. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from common.unknown_keys import hint
from contract.names import matched
from hq.imports import values
from hq.imports.values import Cell, Read, is_empty, text_of

HEADINGS_WITHIN = 20
"""Rows at the beginning of a sheet among which the headings are looked for."""
HEADING_MAX = 120


class ColumnsUnclear(ValueError):
    """The headings do not say which column is which. The text says what to do."""


class Subject(StrEnum):
    """What the rows of a sheet are about."""

    WORKERS = "workers"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class SheetField:
    """A field that a column may hold, the headings that name it, and how its cells are read."""

    key: str
    read: Read
    headings: tuple[str, ...]
    clearable: bool = True
    """A cell with "-" clears it."""


def _field(key: str, read: Read, headings: str, clearable: bool = True) -> SheetField:
    return SheetField(key, read, (key.replace("_", " "), key, *headings.split("|")), clearable)


_WORKER_ID = _field(
    "worker_id",
    values.an_id,
    "id|工号|员工号|员工编号|工人编号|人员编号|编号|职工号|worker|employee id|staff id|badge",
    False,
)
WORKER_FIELDS: tuple[SheetField, ...] = (
    _WORKER_ID,
    _field("name", values.name(80), "姓名|名字|工人姓名|人员姓名|员工姓名|full name|worker name"),
    _field(
        "employer",
        values.name(80),
        "单位|公司|所属单位|所属公司|工作单位|用工单位|劳务公司|分包单位|参建单位|企业|雇主|company|firm|contractor",
    ),
    _field("team", values.name(80), "班组|所属班组|班组名称|施工队|队伍|小组|crew|gang"),
    _field("trade", values.name(80), "工种|岗位|职务|工种名称|occupation|job"),
    _field(
        "phone", values.phone, "手机|手机号|手机号码|电话|联系电话|电话号码|联系方式|mobile|telephone|tel|phone number"
    ),
    _field("card", values.some_cards, "卡号|门禁卡号|ic卡号|卡|卡片号|一卡通|cards|card number|card no|card no."),
    _field("pin", values.pin_code, "密码|个人密码|pin码|pin code"),
    _field("sites", values.some_ids, "工地|工地编号|项目编号|所在工地|site|site id|site ids", False),
    _field("active", values.yes_or_no, "在职|在场|启用|是否在场|是否在职|是否启用|状态|enabled|status", False),
    _field(
        "valid_from",
        values.a_date,
        "进场日期|入场日期|进场时间|入场时间|到岗日期|开始日期|合同开始|from|start|start date",
    ),
    _field(
        "valid_until",
        values.a_date,
        "退场日期|离场日期|退场时间|离场时间|结束日期|到期日期|合同到期|有效期|until|end|end date|valid to",
    ),
    _field(
        "training_valid_until",
        values.a_date,
        "培训有效期|培训有效期至|安全培训有效期|安全教育有效期|三级教育有效期|培训到期|training until|training valid to",
    ),
    _field("declared_utc", values.a_time, "健康申报时间|申报时间|declared|declared at"),
    _field("slow", values.yes_or_no, "慢速|行动不便|需要更多时间|slow passage", False),
    _field(
        "consent_ref", values.name(120), "同意书|同意书编号|授权书|授权书编号|知情同意书|知情同意书编号|consent", False
    ),
)
RISK_FIELDS: tuple[SheetField, ...] = (
    _WORKER_ID,
    _field("list_name", values.name(80), "名单|名单名称|名单类别|list|risk list|watch list", False),
    _field("reason_code", values.name(40), "原因|原因代码|理由|reason|code"),
    _field("valid_from_utc", values.a_time, "起|自|开始|开始时间|生效时间|生效日期|from|since|valid from|开始日期"),
    _field(
        "valid_until_utc", values.an_end, "止|至|结束|截止|截止时间|截止日期|到期|有效期|until|valid until|结束日期"
    ),
    _field("purpose", values.name(200), "目的|用途|why"),
    _field("may_lift", values.some_names, "可解除人|解除人|lifted by|who may lift"),
    _field("officer", values.name(80), "经办人|登记人|联系人|负责人|contact|added by"),
)
FIELDS: Mapping[Subject, tuple[SheetField, ...]] = {Subject.WORKERS: WORKER_FIELDS, Subject.RISK: RISK_FIELDS}
LIST_FIELDS = ("list_name",)
"""A sheet with such a column is about the risk list."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where the headings stand, and which column holds which field."""

    subject: Subject
    first_row: int
    """Index of the first row after the headings."""
    columns: Mapping[str, int]
    """Field -> index of its column."""
    headings: tuple[str, ...]
    """The heading of every column."""

    @property
    def named(self) -> dict[str, str]:
        """Field -> heading."""
        return {key: self.headings[index] for key, index in self.columns.items()}

    @property
    def not_read(self) -> tuple[str, ...]:
        """Headings of columns that hold no field."""
        used = set(self.columns.values())
        return tuple(text for index, text in enumerate(self.headings) if text and index not in used)

    @property
    def fields(self) -> tuple[tuple[SheetField, int], ...]:
        """Each field with the index of its column."""
        return tuple((field, self.columns[field.key]) for field in FIELDS[self.subject] if field.key in self.columns)


def heading_form(text: str) -> str:
    """Return the form in which headings are compared: without blanks, stars, colons and remarks in brackets."""
    plain = re.sub(r"[(\[【].*?[)\]】]", "", matched(text))
    return re.sub(r"[\s*:_\"'“”]", "", plain)


def map_columns(
    rows: Sequence[Sequence[Cell]], given: Mapping[str, str], saved: Callable[[tuple[str, ...]], Mapping[str, str]]
) -> ColumnMap:
    """Find the headings in the first rows of a sheet, and the field of each column.

    `given`: field -> heading, as a person named them. `saved`: returns what was saved for these headings. Raises
    ColumnsUnclear.
    """
    known = {field.key for fields in FIELDS.values() for field in fields}
    for key in given:
        if key not in known:
            raise ColumnsUnclear(f"--column {key}: no such field; {hint(key, sorted(known))}")
    first, after, headings = _headings(rows, given)
    told = {**saved(headings), **given} if headings else dict(given)
    subject = _subject(headings, told)
    columns = _named_by_people(told, headings, subject)
    for field in FIELDS[subject]:
        if field.key not in told:
            free = [i for i, text in enumerate(headings) if _names(field, text) and i not in columns.values()]
            if len(free) > 1:
                both = " and ".join(f"{headings[i]!r} ({letter(i)})" for i in free)
                raise ColumnsUnclear(f"{both} both look like {field.key}: choose one with --column {field.key}=HEADING")
            if free:
                columns[field.key] = free[0]
    needed = ("worker_id",) if subject is Subject.WORKERS else ("worker_id", "list_name")
    if missing := [key for key in needed if key not in columns]:
        raise ColumnsUnclear(_not_found(missing[0], headings, first))
    return ColumnMap(subject, after, columns, headings)


_FORMS = frozenset(heading_form(text) for fields in FIELDS.values() for field in fields for text in field.headings)
_ID_FORMS = frozenset(map(heading_form, _WORKER_ID.headings))


def letter(index: int) -> str:
    """Return the letters of a column, as a spreadsheet shows them."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _headings(rows: Sequence[Sequence[Cell]], given: Mapping[str, str]) -> tuple[int, int, tuple[str, ...]]:
    """Return the first and the next row of the headings, and the heading of each column.

    Headings may take several rows, with merged cells: the lowest one that names a field counts.
    """
    told = {heading_form(text) for text in given.values()}
    scores = [sum(_is_heading(text_of(cell), told) for cell in row) for row in rows[:HEADINGS_WITHIN]]
    if not scores or not max(scores):
        return 0, 0, ()
    best = scores.index(max(scores))
    ids = [index for index, cell in enumerate(rows[best]) if heading_form(text_of(cell)) in _ID_FORMS | told]
    first = after = best
    while first > 0 and scores[first - 1] and _continues(rows[first - 1], ids):
        first -= 1
    while after + 1 < len(scores) and scores[after + 1] and _continues(rows[after + 1], ids):
        after += 1
    block = rows[first : after + 1]
    width = max(map(len, block))
    return first, after + 1, tuple(_heading(block, index, told) for index in range(width))


def _heading(block: Sequence[Sequence[Cell]], index: int, told: set[str]) -> str:
    texts = [text_of(row[index])[:HEADING_MAX] for row in block if index < len(row) and not is_empty(row[index])]
    return next((text for text in reversed(texts) if _is_heading(text, told)), texts[-1] if texts else "")


def _continues(row: Sequence[Cell], ids: Sequence[int]) -> bool:
    """Tell whether a row beside the headings is one of them: text without digits, and nobody's id."""
    said = [text_of(row[index]) for index in ids if index < len(row)]
    return not any(text and heading_form(text) not in _FORMS for text in said) and all(
        is_empty(cell) or (isinstance(cell, str) and not any(one.isdigit() for one in cell)) for cell in row
    )


def _is_heading(text: str, told: set[str]) -> bool:
    return bool(text) and heading_form(text) in _FORMS | told


def _names(field: SheetField, text: str) -> bool:
    return bool(text) and heading_form(text) in {heading_form(one) for one in field.headings}


def _subject(headings: Sequence[str], told: Mapping[str, str]) -> Subject:
    risk = [field for field in RISK_FIELDS if field.key in LIST_FIELDS]
    of_list = any(field.key in told for field in risk) or any(_names(f, text) for f in risk for text in headings)
    return Subject.RISK if of_list else Subject.WORKERS


def _named_by_people(told: Mapping[str, str], headings: Sequence[str], subject: Subject) -> dict[str, int]:
    """Find the columns that a person named, by heading or by letter. An empty heading leaves a field out."""
    found: dict[str, int] = {}
    fields = {field.key for field in FIELDS[subject]}
    forms = [heading_form(text) for text in headings]
    letters = [letter(index) for index in range(len(headings))]
    for key, heading in told.items():
        if not heading:
            continue
        if key not in fields:
            raise ColumnsUnclear(f"--column {key}: a sheet of {subject} has no such field")
        places = [i for i, form in enumerate(forms) if form == heading_form(heading)]
        if not places and heading in letters:
            places = [letters.index(heading)]
        if len(places) != 1:
            why = "no column has this heading" if not places else "several columns have this heading: give its letter"
            raise ColumnsUnclear(f"--column {key}={heading}: {why}; {hint(heading, [h for h in headings if h])}")
        found[key] = places[0]
    if len(set(found.values())) < len(found):
        raise ColumnsUnclear("--column: one column cannot hold two fields")
    return found


def _not_found(key: str, headings: Sequence[str], first: int) -> str:
    if not headings:
        return (
            f"no row among the first {HEADINGS_WITHIN} has headings that are known (工号, 姓名 … or worker_id, name …): "
            f"name the columns, for example --column {key}=工号"
        )
    seen = ", ".join(text for text in headings if text)
    return f"no column is the {key}; the headings in row {first + 1} are: {seen}; name it: --column {key}=HEADING"


def heading_score(rows: Sequence[Sequence[Cell]]) -> int:
    """Return how many cells of the best row among these are headings that are known."""
    return max((sum(_is_heading(text_of(cell), set()) for cell in row) for row in rows), default=0)
