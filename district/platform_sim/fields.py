"""The fields of each call, as documented: which there must be, which there may be, and their code tables."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel
from stdnum.cn import uscc

HEAD_IMAGE_MAX_BYTES = 50 * 1024
WORK_TYPES = {f"{number:03d}" for number in range(10, 400, 10) if number != 370} | {"900", "1000"}
ID_CARD_TYPES = {"01", "08", "10", "12"}
CORP_TYPES = {f"{number:03d}" for number in range(1, 13)}


def one_of(table: set[str], name: str) -> AfterValidator:
    """Take only values of a code table."""

    def check(value: str) -> str:
        if value not in table:
            raise ValueError(f"{name}: {value!r}")
        return value

    return AfterValidator(check)


def _time(value: str) -> str:
    datetime.strptime(value, "%Y-%m-%d %H:%M:%S")
    return value


def _uscc(value: str) -> str:
    if not uscc.is_valid(value):
        raise ValueError("corpCode")
    return value


def _day(value: str) -> str:
    datetime.strptime(value, "%Y-%m-%d")
    return value


def _month(value: str) -> str:
    datetime.strptime(value, "%Y-%m")
    return value


Day = Annotated[str, AfterValidator(_day)]
Month = Annotated[str, AfterValidator(_month)]
IdType = Annotated[str, one_of(ID_CARD_TYPES, "idCardType")]
CorpCode = Annotated[str, AfterValidator(_uscc)]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Fields(BaseModel):
    """The data of a call. A field that is not documented is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class OfProject(Fields):
    """What names its project."""

    project_code: Text


class OfCompany(OfProject):
    """What names its company too."""

    corp_code: CorpCode
    corp_name: Text


class SubContractor(OfCompany):
    """`ProjectSubContractor.Add` and `.Update`."""

    corp_type: Annotated[str, one_of(CORP_TYPES, "corpType")]
    entry_time: str | None = None
    exit_time: str | None = None


class TeamAdd(OfCompany):
    """`Team.Add`."""

    team_name: Text
    responsible_person_name: str | None = None
    responsible_person_phone: str | None = None
    entry_time: str | None = None


class TeamUpdate(Fields):
    """`Team.Update`."""

    team_sys_no: int
    team_name: Text


class WorkerFields(Fields):
    """One worker."""

    worker_name: Text
    is_team_leader: Annotated[int, Field(ge=0, le=1)]
    id_card_type: IdType
    id_card_number: Text
    work_type: Annotated[str, one_of(WORK_TYPES, "workType")]
    work_role: int
    nation: str | None = None
    address: Text
    head_image: str
    cell_phone: Text
    grant_org: str | None = None

    @field_validator("work_role")
    @classmethod
    def _role(cls, value: int) -> int:
        if value not in (10, 20):
            raise ValueError("workRole")
        return value

    @field_validator("head_image")
    @classmethod
    def _image(cls, value: str) -> str:
        try:
            image = base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError("headImage") from None
        if not image.startswith(b"\xff\xd8\xff") or len(image) > HEAD_IMAGE_MAX_BYTES:
            raise ValueError("headImage: JPEG, 50KB")
        return value


class WorkerAdd(OfCompany):
    """`ProjectWorker.Add`."""

    team_sys_no: int
    team_name: Text
    worker_list: Annotated[list[WorkerFields], Field(min_length=1, max_length=5)]


class WorkerUpdate(WorkerFields):
    """`ProjectWorker.Update`: the photo may stay away."""

    project_code: Text
    corp_code: CorpCode
    corp_name: Text
    team_sys_no: int
    team_name: Text
    head_image: str = "/9j/"


class EntryExit(Fields):
    """One entry or exit."""

    id_card_type: IdType
    id_card_number: Text
    date: date
    type: Annotated[int, Field(ge=0, le=1)]

    @field_validator("date", mode="before")
    @classmethod
    def _date(cls, value: Any) -> Any:
        return date.fromisoformat(value) if isinstance(value, str) else value


class WorkerEntryExitAdd(OfCompany):
    """`WorkerEntryExit.Add`."""

    team_sys_no: int
    worker_list: Annotated[list[EntryExit], Field(min_length=1, max_length=20)]


class AttendanceRow(Fields):
    """One passage."""

    id_card_type: IdType
    id_card_number: Text
    date: Annotated[str, AfterValidator(_time)]
    direction: Annotated[str, one_of({"01", "02"}, "direction")]
    image: str | None = None
    channel: str | None = None
    attend_type: str | None = None
    lng: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None


class AttendanceAdd(OfProject):
    """`WorkerAttendance.Add`."""

    team_sys_no: int
    data_list: Annotated[list[AttendanceRow], Field(min_length=1, max_length=20)]


class Query(OfProject):
    """The queries: all have pages."""

    page_index: Annotated[int, Field(ge=0)]
    page_size: Annotated[int, Field(ge=1, le=50)]
    corp_code: str | None = None
    corp_name: str | None = None
    team_sys_no: int | None = None
    team_name: str | None = None
    id_card_type: IdType | None = None
    id_card_number: str | None = None
    training_date: Day | None = None
    pay_month: Month | None = None


class CorpQuery(Query):
    """`Corp.Query`: of no project."""

    project_code: str = ""


class AttendanceQuery(Query):
    """`WorkerAttendance.Query`: of one day."""

    date: Text


class AsyncQuery(Fields):
    """`AsyncHandleResult.Query`."""

    request_serial_code: Text
