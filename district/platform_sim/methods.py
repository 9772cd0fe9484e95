"""All methods that the simulated platform knows, each with its fields."""

from typing import Any

from pydantic import ValidationError

from district.platform_sim import fields, paper_fields
from district.platform_sim.signatures import Refused

METHODS: dict[str, type[fields.Fields]] = {
    "Corp.Upload": paper_fields.CorpUpload,
    "Corp.Query": fields.CorpQuery,
    "WorkerContract.Add": paper_fields.WorkerContractAdd,
    "WorkerContract.Query": fields.Query,
    "ProjectTraining.Add": paper_fields.ProjectTrainingAdd,
    "ProjectTraining.Query": fields.Query,
    "Payroll.Add": paper_fields.PayrollAdd,
    "Payroll.Query": fields.Query,
    "ProjectSubContractor.Add": fields.SubContractor,
    "ProjectSubContractor.Update": fields.SubContractor,
    "ProjectSubContractor.Query": fields.Query,
    "Team.Add": fields.TeamAdd,
    "Team.Update": fields.TeamUpdate,
    "Team.Query": fields.Query,
    "ProjectWorker.Add": fields.WorkerAdd,
    "ProjectWorker.Update": fields.WorkerUpdate,
    "ProjectWorker.Query": fields.Query,
    "WorkerEntryExit.Add": fields.WorkerEntryExitAdd,
    "WorkerAttendance.Add": fields.AttendanceAdd,
    "WorkerAttendance.Query": fields.AttendanceQuery,
    "AsyncHandleResult.Query": fields.AsyncQuery,
}


def read(method: str, data: dict[str, Any]) -> fields.Fields:
    """Check the data of a call. Raises Refused."""
    known = METHODS.get(method)
    if known is None:
        raise Refused(-3, f"无API访问权限: {method}")
    try:
        return known.model_validate(data)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Refused(-1, f"请求参数错误: {where}") from None
