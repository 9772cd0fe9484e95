"""The fields of companies, contracts, trainings and wages."""

from typing import Annotated

from pydantic import Field

from district.platform_sim.fields import CorpCode, Day, Fields, IdType, Month, OfCompany, OfProject, Text, one_of

BANK_CODES = (
    {"001", "100", *(str(code) for code in range(102, 106)), *(str(code) for code in range(201, 204))}
    | {str(code) for code in range(301, 321) if code != 312}
    | {str(code) for code in (401, 402, 403, *range(501, 508), 509, 510, 512)}
)


class CorpUpload(Fields):
    """`Corp.Upload`."""

    corp_code: CorpCode
    corp_name: Text
    area_code: Annotated[str, Field(pattern=r"^\d{6}$")]


class Contract(Fields):
    """One contract of work."""

    corp_code: CorpCode
    corp_name: Text
    id_card_type: IdType
    id_card_number: Text
    contract_period_type: Annotated[int, Field(ge=0, le=1)]
    start_date: Day
    end_date: Day
    unit: Annotated[int, Field(ge=80, le=82)] | None = None
    unit_price: float | None = None


class WorkerContractAdd(OfProject):
    """`WorkerContract.Add`."""

    contract_list: Annotated[list[Contract], Field(min_length=1, max_length=20)]


class TrainedWorker(Fields):
    """One worker of a training."""

    team_sys_no: int
    id_card_type: IdType
    id_card_number: Text
    is_pass: Annotated[int, Field(ge=0, le=1)]
    training_score: float | None = None


class ProjectTrainingAdd(OfProject):
    """`ProjectTraining.Add`."""

    training_date: Day
    training_duration: Annotated[float, Field(gt=0)]
    training_name: Text
    training_type_code: Annotated[str, Field(pattern=r"^\d{6}$")]
    trainer: str | None = None
    training_org: str | None = None
    training_address: str | None = None
    description: str | None = None
    workers: Annotated[list[TrainedWorker], Field(min_length=1, max_length=20)]


class Wage(Fields):
    """What one worker was paid. Numbers of accounts are encrypted as those of documents."""

    id_card_type: IdType
    id_card_number: Text
    days: Annotated[int, Field(ge=0, le=31)] | None = None
    work_hours: Annotated[float, Field(ge=0, le=744)] | None = None
    pay_roll_bank_card_number: Text
    pay_roll_bank_code: Annotated[str, one_of(BANK_CODES, "payRollBankCode")]
    pay_roll_bank_name: Text
    pay_bank_card_number: Text
    pay_bank_code: Annotated[str, one_of(BANK_CODES, "payBankCode")]
    pay_bank_name: Text
    total_pay_amount: Annotated[float, Field(ge=0)]
    actual_amount: Annotated[float, Field(ge=0)]
    is_back_pay: Annotated[int, Field(ge=0, le=1)]
    balance_date: Day
    back_pay_month: Month | None = None
    third_pay_roll_code: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{5,30}$")]


class PayrollAdd(OfCompany):
    """`Payroll.Add`."""

    team_sys_no: int
    pay_month: Month
    detail_list: Annotated[list[Wage], Field(min_length=1, max_length=20)]
