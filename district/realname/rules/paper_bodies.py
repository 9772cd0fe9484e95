"""The bodies of contracts, trainings and wages, field by field as public clients of the platform show them.

The platform has no update for them. Each is added once, and a new period or month is a new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from district.realname.rules.banks import bank_code
from district.realname.rules.bodies import Body, CompanyFacts, Encrypt, TeamFacts, filled
from district.realname.rules.lacks import Lack

TOGETHER_MAX = 20
"""Entries in one call."""
CONTRACTS, TRAINED, WAGES = "contractList", "workers", "detailList"
"""The lists of the three bodies."""
FIXED_TERM, UNTIL_DONE = 0, 1
"""`contractPeriodType`."""


@dataclass(frozen=True, repr=False)
class Identity:
    """The id document by which the platform knows a worker; empty: there is none."""

    kind: str = ""
    number: str = ""


@dataclass(frozen=True, repr=False)
class ContractFacts:
    """A contract of work."""

    company: CompanyFacts
    starts: date
    ends: date | None
    until_done: bool

    @property
    def lack(self) -> Lack | None:
        """Return what is missing."""
        return None if self.ends else Lack.CONTRACT_END

    def body(self, who: Identity, encrypt: Encrypt) -> Body:
        """Return the data of `WorkerContract.Add` for one worker."""
        entry = {
            "corpCode": self.company.code,
            "corpName": self.company.name,
            "idCardType": who.kind,
            "idCardNumber": encrypt(who.number),
            "contractPeriodType": UNTIL_DONE if self.until_done else FIXED_TERM,
            "startDate": self.starts.isoformat(),
            "endDate": self.ends.isoformat() if self.ends else None,
        }
        return {"projectCode": self.company.project_code, CONTRACTS: [filled(entry)]}


@dataclass(frozen=True, repr=False)
class TrainingFacts:
    """A training that a worker took. `hours` and `kind`: of the site's connection."""

    project_code: str
    name: str
    day: date | None
    hours: Decimal | None
    kind: str
    team_number: str = ""

    @property
    def lack(self) -> Lack | None:
        """Return what is missing."""
        return Lack.TRAINING_DAY if self.day is None else None if self.hours else Lack.TRAINING_HOURS

    def body(self, who: Identity, encrypt: Encrypt) -> Body:
        """Return the data of `ProjectTraining.Add` with one worker."""
        entry = {
            "teamSysNo": int(self.team_number),
            "idCardType": who.kind,
            "idCardNumber": encrypt(who.number),
            "isPass": 1,
        }
        return {
            "projectCode": self.project_code,
            "trainingDate": self.day.isoformat() if self.day else "",
            "trainingDuration": float(self.hours or 0),
            "trainingName": self.name,
            "trainingTypeCode": self.kind,
            TRAINED: [entry],
        }


@dataclass(frozen=True, repr=False)
class WageFacts:
    """What a worker was paid for a month. `paid`: the day. `number`: what names the line for ever."""

    team: TeamFacts | None
    month: date
    paid: date
    number: str
    amount: Decimal | None
    days: Decimal
    hours: Decimal
    bank: str
    account_index: str
    """Of the account to which the wages went; empty: there is none."""
    pay_bank: str
    pay_account: str

    @property
    def lack(self) -> Lack | None:
        """Return the first thing that is missing."""
        missing = {
            Lack.TEAM: self.team is None,
            Lack.AMOUNT: self.amount is None,
            Lack.ACCOUNT: not self.account_index,
            Lack.BANK: not bank_code(self.bank),
            Lack.PAY_ACCOUNT: not self.pay_account,
            Lack.PAY_BANK: not bank_code(self.pay_bank),
        }
        return next((lack for lack, is_missing in missing.items() if is_missing), None)

    def body(self, who: Identity, account: str, encrypt: Encrypt) -> Body:
        """Return the data of `Payroll.Add` for one worker. Half days stay away: the platform counts whole ones."""
        assert self.team is not None, "a lack forbids it"
        amount = float(self.amount or 0)
        entry = {
            "idCardType": who.kind,
            "idCardNumber": encrypt(who.number),
            "days": int(self.days) if self.days == int(self.days) else None,
            "workHours": float(self.hours) if self.hours else None,
            "payRollBankCardNumber": encrypt(account),
            "payRollBankCode": bank_code(self.bank),
            "payRollBankName": self.bank,
            "payBankCardNumber": encrypt(self.pay_account),
            "payBankCode": bank_code(self.pay_bank),
            "payBankName": self.pay_bank,
            "totalPayAmount": amount,
            "actualAmount": amount,
            "isBackPay": 0,
            "balanceDate": self.paid.isoformat(),
            "thirdPayRollCode": self.number,
        }
        company = self.team.company
        return {
            "projectCode": company.project_code,
            "corpCode": company.code,
            "corpName": company.name,
            "teamSysNo": int(self.team.number),
            "payMonth": f"{self.month:%Y-%m}",
            WAGES: [filled(entry)],
        }


PaperFacts = ContractFacts | TrainingFacts | WageFacts


def together(bodies: Sequence[dict[str, Any]]) -> Body:
    """Return one body with the entries of all. They differ in their lists alone."""
    first = dict(bodies[0])
    for name in (CONTRACTS, TRAINED, WAGES):
        if name in first:
            first[name] = [entry for body in bodies for entry in body[name]]
    return first
