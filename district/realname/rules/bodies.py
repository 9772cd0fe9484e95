"""The bodies of calls, field by field as the platform documents them, and what is missing for each."""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from district.realname.rules.codes import DIRECTIONS, ENTRY, EXIT, OTHER_TRADE, nation, work_type
from district.realname.rules.lacks import Lack

BATCH_MAX = 20
"""Passages in one call."""
PHOTO_MAX_BYTES = 50 * 1024

Encrypt = Callable[[str], str]
Body = dict[str, Any]


@dataclass(frozen=True)
class CompanyFacts:
    """An enterprise on a site."""

    project_code: str
    code: str
    name: str
    kind: str
    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True)
class TeamFacts:
    """A team on a site. `number`: the platform's `teamSysNo`, empty until it gave one."""

    company: CompanyFacts
    name: str
    number: str = ""


@dataclass(frozen=True, repr=False)
class WorkerFacts:
    """A worker on a site, with what the platform asks for."""

    team: TeamFacts | None
    name: str
    id_kind: str = ""
    id_number: str = ""
    id_issuer: str = ""
    trade: str = OTHER_TRADE
    role: int = 20
    leads: bool = False
    nation: str = ""
    address: str = ""
    phone: str = ""
    photo_taken: str = ""
    """When the photo was taken; empty: there is none."""
    photo: bytes | None = None
    """The picture itself, where it is sent."""


@dataclass(frozen=True, repr=False)
class PassageFacts:
    """A passage of a worker. `local`: in the site's time zone."""

    id_kind: str
    id_number: str
    local: datetime
    direction: str
    longitude: float | None = None
    latitude: float | None = None


def company(facts: CompanyFacts) -> Body:
    """Return the data of `ProjectSubContractor.Add` and `.Update`."""
    return filled(
        {
            "projectCode": facts.project_code,
            "corpCode": facts.code,
            "corpName": facts.name,
            "corpType": facts.kind,
            "entryTime": _day(facts.starts),
            "exitTime": _day(facts.ends),
        }
    )


def corp(facts: CompanyFacts) -> Body:
    """Return the data of `Corp.Upload`. The code names where the company is registered."""
    return {"corpCode": facts.code, "corpName": facts.name, "areaCode": facts.code[2:8]}


def team(facts: TeamFacts) -> Body:
    """Return the data of `Team.Add`, and with a number that of `Team.Update`."""
    body = {**_company_of(facts.company), "teamName": facts.name}
    return {"teamSysNo": int(facts.number), "teamName": facts.name} if facts.number else body


def worker_lack(facts: WorkerFacts) -> Lack | None:
    """Return the first thing that is missing for a worker."""
    missing = {
        Lack.TEAM: facts.team is None,
        Lack.TEAM_NUMBER: facts.team is not None and not facts.team.number,
        Lack.DOCUMENT: not facts.id_number,
        Lack.NATION: not nation(facts.nation) and facts.id_kind == "01",
        Lack.ADDRESS: not facts.address,
        Lack.PHONE: not facts.phone,
        Lack.PHOTO: not facts.photo_taken,
    }
    return next((lack for lack, is_missing in missing.items() if is_missing), None)


def cell_phone(number: str) -> str:
    """Return a Chinese mobile number as its 11 digits, and another number as it is (E.164)."""
    return re.sub(r"^\+86(?=1\d{10}$)", "", number)


def worker(facts: WorkerFacts, encrypt: Encrypt) -> Body:
    """Return one entry of `workerList`. A trade that the table lacks is 1000, other."""
    head = {"headImage": base64.b64encode(facts.photo).decode()} if facts.photo else {}
    return filled(
        {
            "workerName": facts.name,
            "isTeamLeader": int(facts.leads),
            "idCardType": facts.id_kind,
            "idCardNumber": encrypt(facts.id_number),
            "workType": work_type(facts.trade),
            "workRole": facts.role,
            "nation": nation(facts.nation),
            "address": facts.address,
            "cellPhone": cell_phone(facts.phone),
            "grantOrg": facts.id_issuer,
            **head,
        }
    )


def worker_add(facts: WorkerFacts, encrypt: Encrypt) -> Body:
    """Return the data of `ProjectWorker.Add`."""
    return {**team_of(facts), "workerList": [worker(facts, encrypt)]}


def worker_update(facts: WorkerFacts, encrypt: Encrypt) -> Body:
    """Return the data of `ProjectWorker.Update`: one worker, without a list."""
    return {**team_of(facts), **worker(facts, encrypt)}


def entry_or_exit(facts: WorkerFacts, day: date, leaves: bool, encrypt: Encrypt) -> Body:
    """Return the data of `WorkerEntryExit.Add`."""
    entry = {
        "idCardType": facts.id_kind,
        "idCardNumber": encrypt(facts.id_number),
        "date": day.isoformat(),
        "type": EXIT if leaves else ENTRY,
    }
    of_team = team_of(facts)
    del of_team["teamName"]
    return {**of_team, "workerList": [entry]}


def attendance(project_code: str, team_number: str, passages: Sequence[PassageFacts], encrypt: Encrypt) -> Body:
    """Return the data of `WorkerAttendance.Add`. `image` stays away: the gate keeps no picture."""
    rows = [
        filled(
            {
                "idCardType": passage.id_kind,
                "idCardNumber": encrypt(passage.id_number),
                "date": f"{passage.local:%Y-%m-%d %H:%M:%S}",
                "direction": DIRECTIONS[passage.direction],
                "lng": passage.longitude,
                "lat": passage.latitude,
            }
        )
        for passage in passages
    ]
    return {"projectCode": project_code, "teamSysNo": int(team_number), "dataList": rows}


def team_of(facts: WorkerFacts) -> Body:
    """Return the fields that name a worker's team. Raises ValueError without one."""
    if facts.team is None or not facts.team.number:
        raise ValueError("a worker without a team of the platform")
    return {
        **_company_of(facts.team.company),
        "teamSysNo": int(facts.team.number),
        "teamName": facts.team.name,
    }


def _company_of(facts: CompanyFacts) -> Body:
    return {"projectCode": facts.project_code, "corpCode": facts.code, "corpName": facts.name}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def filled(body: Body) -> Body:
    """Leave out what is empty."""
    return {key: value for key, value in body.items() if value not in (None, "")}
