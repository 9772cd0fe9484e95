"""What the columns of HQ's sheets may hold, and which column holds which field. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pydantic import ValidationError

from common.sheets import values
from common.sheets.columns import (
    HEADINGS_WITHIN,
    ColumnMap,
    Headings,
    Saved,
    SheetField,
    SheetSubject,
    find_headings,
    forms_of,
    guess_columns,
    heading_form,
    letter,
    names_field,
    sheet_field,
)
from common.sheets.refusals import BadCell, ColumnsUnclear
from common.sheets.values import Cell
from common.terminal.problems import shown
from common.unknown_keys import hint
from contract.messages import SiteDates
from hq.registry.site_dates import EXAMPLE, read_dates


class Subject(StrEnum):
    """What the rows of a sheet are about."""

    WORKERS = "workers"
    RISK = "risk"


def some_site_dates(cell: Cell, rules: values.CellRules) -> tuple[SiteDates, ...]:
    """Read dates that differ by site."""
    try:
        return read_dates(str(cell))
    except ValueError as error:
        said = EXAMPLE if isinstance(error, ValidationError) else str(error)
        raise BadCell("%(cell)s: %(said)s", cell=shown(str(cell)), said=said) from None


_WORKER_ID = sheet_field(
    "worker_id",
    values.an_id,
    "id|工号|员工号|员工编号|工人编号|人员编号|编号|职工号|worker|employee id|staff id|badge",
    needed=True,
)
WORKER_FIELDS: tuple[SheetField, ...] = (
    _WORKER_ID,
    sheet_field("name", values.name(80), "姓名|名字|工人姓名|人员姓名|员工姓名|full name|worker name"),
    sheet_field(
        "employer",
        values.name(80),
        "单位|公司|所属单位|所属公司|工作单位|用工单位|劳务公司|分包单位|参建单位|企业|雇主|company|firm|contractor",
    ),
    sheet_field("team", values.name(80), "班组|所属班组|班组名称|施工队|队伍|小组|crew|gang"),
    sheet_field("trade", values.name(80), "工种|岗位|职务|工种名称|occupation|job"),
    sheet_field(
        "phone", values.phone, "手机|手机号|手机号码|电话|联系电话|电话号码|联系方式|mobile|telephone|tel|phone number"
    ),
    sheet_field("greeting", values.name(20), "通道称呼|称呼|显示称呼|short name|lane name"),
    sheet_field("card", values.some_cards, "卡号|门禁卡号|ic卡号|卡|卡片号|一卡通|cards|card number|card no|card no."),
    sheet_field("pin", values.pin_code, "密码|个人密码|pin码|pin code"),
    sheet_field("sites", values.some_ids, "工地|工地编号|项目编号|所在工地|site|site id|site ids", False),
    sheet_field("active", values.yes_or_no, "在职|在场|启用|是否在场|是否在职|是否启用|状态|enabled|status", False),
    sheet_field(
        "valid_from",
        values.a_date,
        "进场日期|入场日期|进场时间|入场时间|到岗日期|开始日期|合同开始|from|start|start date",
    ),
    sheet_field(
        "valid_until",
        values.a_date,
        "退场日期|离场日期|退场时间|离场时间|结束日期|到期日期|合同到期|有效期|until|end|end date|valid to",
    ),
    sheet_field(
        "training_valid_until",
        values.a_date,
        "培训有效期|培训有效期至|安全培训有效期|安全教育有效期|三级教育有效期|培训到期|training until|training valid to",
    ),
    sheet_field("site_dates", some_site_dates, "各工地起止日期|按工地日期|分工地日期|dates by site|dates per site"),
    sheet_field("declared_utc", values.a_time, "健康申报时间|申报时间|declared|declared at"),
    sheet_field("slow", values.yes_or_no, "慢速|行动不便|需要更多时间|slow passage", False),
    sheet_field(
        "consent_ref", values.name(120), "同意书|同意书编号|授权书|授权书编号|知情同意书|知情同意书编号|consent", False
    ),
)
RISK_FIELDS: tuple[SheetField, ...] = (
    _WORKER_ID,
    sheet_field("list_name", values.name(80), "名单|名单名称|名单类别|list|risk list|watch list", needed=True),
    sheet_field("reason_code", values.name(40), "原因|原因代码|理由|reason|code"),
    sheet_field(
        "valid_from_utc", values.a_time, "起|自|开始|开始时间|生效时间|生效日期|from|since|valid from|开始日期"
    ),
    sheet_field(
        "valid_until_utc", values.an_end, "止|至|结束|截止|截止时间|截止日期|到期|有效期|until|valid until|结束日期"
    ),
    sheet_field("purpose", values.name(200), "目的|用途|why"),
    sheet_field("may_lift", values.some_names, "可解除人|解除人|lifted by|who may lift"),
    sheet_field("officer", values.name(80), "经办人|登记人|联系人|负责人|contact|added by"),
)
FIELDS: Mapping[Subject, tuple[SheetField, ...]] = {Subject.WORKERS: WORKER_FIELDS, Subject.RISK: RISK_FIELDS}
LIST_FIELDS = ("list_name",)
"""A sheet with such a column is about the risk list."""
SUBJECTS: Mapping[Subject, SheetSubject] = {
    Subject.WORKERS: SheetSubject(Subject.WORKERS, WORKER_FIELDS, ("worker_id",)),
    Subject.RISK: SheetSubject(Subject.RISK, RISK_FIELDS, ("worker_id", "list_name")),
}
KNOWN_HEADINGS = forms_of([*WORKER_FIELDS, *RISK_FIELDS])
_ID_HEADINGS = frozenset(map(heading_form, _WORKER_ID.headings))


def map_columns(rows: Sequence[Sequence[Cell]], given: Mapping[str, str], saved: Saved) -> ColumnMap:
    """Find the headings in the first rows of a sheet, and the field of each column.

    `given`: field -> heading, as a person named them. `saved`: returns what was saved for these headings. Raises
    ColumnsUnclear.
    """
    known = {field.key for fields in FIELDS.values() for field in fields}
    for key in given:
        if key not in known:
            raise ColumnsUnclear(f"--column {key}: no such field; {hint(key, sorted(known))}")
    found = find_headings(rows, KNOWN_HEADINGS, _ID_HEADINGS, given.values())
    told = {**saved(found.texts), **given} if found.texts else dict(given)
    subject = SUBJECTS[_subject(found.texts, told)]
    fields = {field.key for field in subject.fields}
    if wrong := [key for key, heading in told.items() if heading and key not in fields]:
        raise ColumnsUnclear(f"--column {wrong[0]}: a sheet of {subject.key} has no such field")
    guess = guess_columns(subject.fields, found.texts, told)
    for key, free in guess.unclear.items():
        both = " and ".join(f"{found.texts[i]!r} ({letter(i)})" for i in free)
        raise ColumnsUnclear(f"{both} both look like {key}: choose one with --column {key}=HEADING")
    if missing := [key for key in subject.columns_needed if key not in guess.columns]:
        raise ColumnsUnclear(_not_found(missing[0], found))
    return ColumnMap(subject, found.after, guess.columns, found.texts)


def _subject(headings: Sequence[str], told: Mapping[str, str]) -> Subject:
    risk = [field for field in RISK_FIELDS if field.key in LIST_FIELDS]
    of_list = any(field.key in told for field in risk) or any(names_field(f, text) for f in risk for text in headings)
    return Subject.RISK if of_list else Subject.WORKERS


def _not_found(key: str, headings: Headings) -> str:
    if not headings.texts:
        return (
            f"no row among the first {HEADINGS_WITHIN} has headings that are known (工号, 姓名 … or worker_id, name …): "
            f"name the columns, for example --column {key}=工号"
        )
    seen = ", ".join(text for text in headings.texts if text)
    row = headings.first + 1
    return f"no column is the {key}; the headings in row {row} are: {seen}; name it: --column {key}=HEADING"
