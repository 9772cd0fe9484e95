"""What the simulated platform does with contracts, trainings and wages."""

from collections.abc import Callable
from typing import Any

from district.platform_sim import paper_fields
from district.platform_sim.project import SimProject
from district.platform_sim.signatures import Refused, Scheme

QUERIES = ("WorkerContract.Query", "ProjectTraining.Query", "Payroll.Query")
_ACCOUNT_DIGITS = range(8, 31)
Opened = Callable[[str, str, SimProject], str]
"""Opens the number of an id document: kind, sealed number, project. Raises Refused."""


def added(
    data: paper_fields.WorkerContractAdd | paper_fields.ProjectTrainingAdd | paper_fields.PayrollAdd,
    project: SimProject,
    opened: Opened,
    scheme: Scheme,
) -> str:
    """Add what a call brings. Return why it failed; "" if it did not. It takes all entries or none."""
    if isinstance(data, paper_fields.WorkerContractAdd):
        return _contracts(data, project, opened)
    if isinstance(data, paper_fields.ProjectTrainingAdd):
        return _training(data, project, opened)
    return _wages(data, project, opened, scheme)


def listed(method: str, project: SimProject, seal: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return all rows of a query, with sealed numbers."""
    if method == "WorkerContract.Query":
        return [
            row | {"idCardNumber": seal(number)} for (number, _corp, _day), row in sorted(project.contracts.items())
        ]
    if method == "Payroll.Query":
        return [
            {key: value for key, value in row.items() if key not in {"number", "account"}}
            | {"idCardNumber": seal(row["number"])}
            for _code, row in sorted(project.wages.items())
        ]
    return [
        {key: value for key, value in row.items() if key != "numbers"}
        | {"workers": [{"idCardType": "01", "idCardNumber": seal(number)} for number in row["numbers"]]}
        for row in project.trainings
    ]


def _contracts(data: paper_fields.WorkerContractAdd, project: SimProject, opened: Opened) -> str:
    made = {}
    for row in data.contract_list:
        number = opened(row.id_card_type, row.id_card_number, project)
        key = (number, row.corp_code, row.start_date)
        if number not in project.workers:
            return "工人不存在"
        if row.corp_code not in project.companies:
            return "企业不是该项目的参建单位"
        if row.end_date < row.start_date:
            return "合同结束日期早于开始日期"
        if key in project.contracts or key in made:
            return "合同已存在"
        made[key] = row.model_dump(by_alias=True)
    project.contracts.update(made)
    return ""


def _training(data: paper_fields.ProjectTrainingAdd, project: SimProject, opened: Opened) -> str:
    numbers = [opened(row.id_card_type, row.id_card_number, project) for row in data.workers]
    if any(number not in project.workers for number in numbers):
        return "工人不存在"
    if any(row.team_sys_no not in project.teams for row in data.workers):
        return "班组不存在"
    project.trainings.append(data.model_dump(by_alias=True, exclude={"workers"}) | {"numbers": numbers})
    return ""


def _wages(data: paper_fields.PayrollAdd, project: SimProject, opened: Opened, scheme: Scheme) -> str:
    team = project.teams.get(data.team_sys_no)
    if team is None or team["corpCode"] != data.corp_code:
        return "班组不存在"
    made: dict[str, dict[str, Any]] = {}
    for row in data.detail_list:
        number = opened(row.id_card_type, row.id_card_number, project)
        account, payer = (
            scheme.open_number(sealed, project.secret)
            for sealed in (row.pay_roll_bank_card_number, row.pay_bank_card_number)
        )
        if any(not one.isdecimal() or len(one) not in _ACCOUNT_DIGITS for one in (account, payer)):
            raise Refused(-1, "请求参数错误: payRollBankCardNumber")
        if number not in project.workers:
            return "工人不存在"
        if row.actual_amount > row.total_pay_amount:
            return "实发金额大于应发金额"
        if row.third_pay_roll_code in project.wages or row.third_pay_roll_code in made:
            return "工资单编号重复"
        of_call = {"payMonth": data.pay_month, "teamSysNo": data.team_sys_no, "corpCode": data.corp_code}
        made[row.third_pay_roll_code] = row.model_dump(by_alias=True) | of_call | {"number": number, "account": account}
    project.wages.update(made)
    return ""
