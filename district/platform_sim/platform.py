"""What the simulated platform knows and decides: one object, without a network."""

import itertools
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from stdnum.cn import ric

from district.platform_sim import fields, methods, paper_fields, papers, signatures
from district.platform_sim.project import SimProject
from district.platform_sim.signatures import ZONE, Refused, Scheme

WORKING, FAILED, FINISHED = 0, 10, 20
_NONCES_KEPT = 100_000


@dataclass
class SimFaults:
    """What goes wrong on purpose. Each counts down to nothing."""

    lose_answers: int = 0
    """Do what the call says, and break the connection."""
    break_calls: int = 0
    """Break the connection before anything is done."""
    server_errors: int = 0
    """Answer 500 before anything is done."""


class AnswerLost(Exception):
    """The connection breaks here."""


@dataclass
class SimPlatform:
    """A platform of one kind with some projects."""

    scheme: Scheme
    projects: dict[str, SimProject]
    corps: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls_per_minute: int = 100_000
    result_after: timedelta = timedelta(0)
    clock: Callable[[], datetime] = lambda: datetime.now(ZONE)
    faults: SimFaults = field(default_factory=SimFaults)
    calls: list[str] = field(default_factory=list)
    """The methods of all calls that were answered, in their order."""
    _results: dict[str, tuple[datetime, int, str]] = field(default_factory=dict)
    _times: deque[datetime] = field(default_factory=deque)
    _nonces: dict[str, None] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, query: str, body: bytes) -> tuple[int, bytes]:
        """Answer one call with a status and JSON. Raises AnswerLost."""
        with self._lock:
            if self.faults.break_calls:
                self.faults.break_calls -= 1
                raise AnswerLost
            if self.faults.server_errors:
                self.faults.server_errors -= 1
                return 500, b"<html>502 Bad Gateway</html>"
            try:
                written: dict[str, Any] = {"code": "0", "message": "成功", "data": self._handled(query, body)}
            except Refused as refused:
                written = {"code": str(refused.code), "message": refused.message, "data": None}
            if self.faults.lose_answers:
                self.faults.lose_answers -= 1
                raise AnswerLost
            return 200, json.dumps(written, ensure_ascii=False).encode()

    def _handled(self, query: str, body: bytes) -> dict[str, Any]:
        now = self.clock()
        self._limit(now)
        secrets = {project.app_id: project.secret for project in self.projects.values()}
        call = self.scheme.open(query, body, secrets, now)
        if call.nonce in self._nonces:
            raise Refused(-2, "签名校验错误: nonce 重复")
        self._nonces[call.nonce] = None
        if len(self._nonces) > _NONCES_KEPT:
            del self._nonces[next(iter(self._nonces))]
        data = methods.read(call.method, call.data)
        self.calls.append(call.method)
        if isinstance(data, fields.AsyncQuery):
            return self._result(data.request_serial_code, now)
        project = self._project(call.app_id, call.data)
        if call.method.endswith(".Query"):
            return self._rows(call.method, data, project)
        return self._done(call.method, data, project, now)

    def _limit(self, now: datetime) -> None:
        while self._times and self._times[0] <= now - timedelta(minutes=1):
            self._times.popleft()
        if len(self._times) >= self.calls_per_minute:
            raise Refused(-5, "访问超过限制")
        self._times.append(now)

    def _project(self, app_id: str, data: dict[str, Any]) -> SimProject:
        code = data.get("projectCode")
        if not code:  # Team.Update names the team alone, Corp.* the company
            return next(project for project in self.projects.values() if project.app_id == app_id)
        project = self.projects.get(str(code))
        if project is None or project.app_id != app_id:
            raise Refused(-3, "无API访问权限: projectCode")
        return project

    def _result(self, serial: str, now: datetime) -> dict[str, Any]:
        due, status, text = self._results.get(serial, (None, 0, ""))
        if due is None:
            raise Refused(-1, "请求参数错误: requestSerialCode 不存在")
        return {"status": WORKING, "result": ""} if now < due else {"status": status, "result": text}

    def _done(self, method: str, data: fields.Fields, project: SimProject, now: datetime) -> dict[str, Any]:
        """Do what a call says. Additions are answered with a code for their result, updates at once."""
        if method.endswith(".Update"):
            failure, _values = self._changed(data, project, now)
            if failure:
                raise Refused(-1, failure)
            return {}
        failure, values = self._changed(data, project, now)
        serial = f"{method.replace('.', '-').lower()}-{now:%Y%m%d%H}-1-{next(self._numbers):04d}"
        status, text = (FAILED, failure) if failure else (FINISHED, json.dumps(values, ensure_ascii=False))
        self._results[serial] = now + self.result_after, status, text
        return {"requestSerialCode": serial}

    def _changed(self, data: fields.Fields, project: SimProject, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return why it failed, or the values of the result."""
        if isinstance(data, paper_fields.CorpUpload):
            self.corps[data.corp_code] = data.model_dump(by_alias=True)
            return "", {}
        if isinstance(data, paper_fields.WorkerContractAdd | paper_fields.ProjectTrainingAdd | paper_fields.PayrollAdd):
            return papers.added(data, project, self._number, self.scheme), {}
        if isinstance(data, fields.SubContractor):
            if data.corp_code not in self.corps:
                return "企业信息不存在，请先上传企业信息", {}
            project.companies[data.corp_code] = data.model_dump(by_alias=True)
            return "", {}
        if isinstance(data, fields.TeamAdd):
            return self._team(data, project)
        if isinstance(data, fields.TeamUpdate):
            if data.team_sys_no not in project.teams:
                return "班组不存在", {}
            project.teams[data.team_sys_no]["teamName"] = data.team_name
            return "", {}
        if isinstance(data, fields.WorkerAdd):
            return self._workers(data, project), {}
        if isinstance(data, fields.WorkerUpdate):
            number = self._number(data.id_card_type, data.id_card_number, project)
            if number not in project.workers:
                return "工人不存在", {}
            kept = project.workers[number]["headImage"] if data.head_image == "/9j/" else data.head_image
            project.workers[number] = data.model_dump(by_alias=True) | {"headImage": kept}
            return "", {}
        if isinstance(data, fields.WorkerEntryExitAdd):
            return self._entries(data, project), {}
        if isinstance(data, fields.AttendanceAdd):
            return self._attendance(data, project, now), {}
        raise AssertionError(type(data))

    def _team(self, data: fields.TeamAdd, project: SimProject) -> tuple[str, dict[str, Any]]:
        if data.corp_code not in project.companies:
            return "班组所在企业不是该项目的参建单位", {}
        for team in project.teams.values():
            if (team["corpCode"], team["teamName"]) == (data.corp_code, data.team_name):
                return "班组名称重复", {}
        number = 1_500_000_000 + next(self._numbers)
        project.teams[number] = data.model_dump(by_alias=True)
        return "", {"teamSysNo": number}

    def _workers(self, data: fields.WorkerAdd, project: SimProject) -> str:
        team = project.teams.get(data.team_sys_no)
        if team is None or team["corpCode"] != data.corp_code:
            return "班组不存在"
        numbers = [self._number(worker.id_card_type, worker.id_card_number, project) for worker in data.worker_list]
        if any(number in project.workers for number in numbers):
            return "工人已存在"
        for number, worker in zip(numbers, data.worker_list, strict=True):
            of_team = {"teamSysNo": data.team_sys_no, "corpCode": data.corp_code, "corpName": data.corp_name}
            project.workers[number] = worker.model_dump(by_alias=True) | of_team
        return ""

    def _entries(self, data: fields.WorkerEntryExitAdd, project: SimProject) -> str:
        numbers = [self._number(row.id_card_type, row.id_card_number, project) for row in data.worker_list]
        if any(number not in project.workers for number in numbers):
            return "工人不存在"
        for number, row in zip(numbers, data.worker_list, strict=True):
            project.inside[number] = row.type == 1
        return ""

    def _attendance(self, data: fields.AttendanceAdd, project: SimProject, now: datetime) -> str:
        if data.team_sys_no not in project.teams:
            return "班组不存在"
        rows = [
            (self._number(row.id_card_type, row.id_card_number, project), row.date, row.direction)
            for row in data.data_list
        ]
        for number, time, _direction in rows:
            worker = project.workers.get(number)
            if worker is None or worker["teamSysNo"] != data.team_sys_no:
                return "考勤人员不在该班组"
            if datetime.strptime(time, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE) > now + timedelta(minutes=5):
                return "考勤时间大于当前时间"
        project.attendance.update(dict.fromkeys(rows, data.team_sys_no))
        return ""

    def _number(self, kind: str, sealed: str, project: SimProject) -> str:
        number = self.scheme.open_number(sealed, project.secret)
        if kind == "01" and not (len(number) == 18 and ric.calc_check_digit(number) == number[17]):
            raise Refused(-1, "请求参数错误: idCardNumber")
        return number

    def _rows(self, method: str, data: fields.Fields, project: SimProject) -> dict[str, Any]:
        assert isinstance(data, fields.Query)
        found = [row for row in self._all(method, data, project) if _fits(row, data)]
        first = data.page_index * data.page_size
        return {
            "pageIndex": data.page_index,
            "pageSize": data.page_size,
            "totalCount": len(found),
            "rows": found[first : first + data.page_size],
        }

    def _all(self, method: str, data: fields.Query, project: SimProject) -> list[dict[str, Any]]:
        def seal(number: str) -> str:
            return self.scheme.seal_number(number, project.secret)

        if method == "Corp.Query":
            return list(self.corps.values())
        if method in papers.QUERIES:
            return papers.listed(method, project, seal)
        if method == "ProjectSubContractor.Query":
            return list(project.companies.values())
        if method == "Team.Query":
            return [team | {"teamSysNo": number} for number, team in project.teams.items()]
        if method == "ProjectWorker.Query":
            kept = [(seal(number), worker) for number, worker in sorted(project.workers.items())]
            return [worker | {"idCardNumber": sealed, "headImage": None} for sealed, worker in kept]
        assert isinstance(data, fields.AttendanceQuery)
        return [
            {"idCardType": "01", "idCardNumber": seal(number), "date": time, "direction": way, "teamSysNo": team}
            for (number, time, way), team in sorted(project.attendance.items())
            if time.startswith(data.date)
        ]


def _fits(row: dict[str, Any], query: fields.Query) -> bool:
    wanted = query.model_dump(
        by_alias=True, exclude={"project_code", "page_index", "page_size", "date"}, exclude_none=True
    )
    return all(row.get(name) == value for name, value in wanted.items())


def platform(scheme: str, projects: list[tuple[str, str, str]]) -> SimPlatform:
    """Make a platform with projects: (code, app id, secret)."""
    made = {code: SimProject(code, app_id, secret) for code, app_id, secret in projects}
    return SimPlatform(signatures.SCHEMES[scheme], made)
