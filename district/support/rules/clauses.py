"""Describe a support measure as data: what it asks, what it gives, and what its source leaves open."""

import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

FORMAT = 1
KEY = r"^[a-z][a-z0-9_]{0,39}$"
Key = Annotated[str, StringConstraints(pattern=KEY)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Written = bool | int | Decimal | datetime.date | str
"""A value as a file or a stored row gives it."""


def _number(given: Any) -> Any:
    """Refuse yes and no, which Python takes for 1 and 0."""
    if isinstance(given, bool):
        raise ValueError("a number is needed")
    return given


Money = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, lt=10**12, max_digits=14, decimal_places=2)]
"""Yuan, exact to the cent."""
Factor = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, le=1000, max_digits=10, decimal_places=4)]


class FactKind(StrEnum):
    """What an answer is."""

    COUNT = "count"
    MONEY = "money"
    YES_NO = "yes_no"
    DAY = "day"
    CHOICE = "choice"


class KnownFact(StrEnum):
    """What the registry can answer for an enterprise."""

    PEOPLE = "people"
    PEOPLE_OTHER_PROVINCES = "people_other_provinces"
    SITES = "sites"
    FIRST_DAY = "first_day"
    RESUMED = "resumed"


class ClausePoint(StrEnum):
    """What a source may leave open. A measure says each of them, or lists it as not stated."""

    CONDITIONS = "conditions"
    CAP = "cap"
    DOCUMENTS = "documents"
    OFFICE = "office"
    STARTS = "starts"
    UNTIL = "until"
    APPLY = "apply"


class HelpKind(StrEnum):
    """What an enterprise gets. A loan is paid back, so it is never added to the others."""

    PAYMENT = "payment"
    RELIEF = "relief"
    LOAN = "loan"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """One text in both languages."""

    en: Line
    zh: Line


class SourceLine(_Strict):
    """The words on which a measure stands, and where they are."""

    text: Line
    where: Line


class SupportFact(_Strict):
    """One question to the enterprise."""

    id: Key
    kind: FactKind
    question: Words
    choices: dict[Key, Words] = {}
    prefill: KnownFact | None = None


class SupportCondition(_Strict):
    """What must hold for one fact. Exactly one of the three tests is given."""

    id: Key
    fact: Key
    says: Words
    at_least: Written | None = None
    at_most: Written | None = None
    equals: Written | None = None

    @property
    def tests(self) -> dict[str, Written]:
        """Return the given tests by name."""
        found = {"at_least": self.at_least, "at_most": self.at_most, "equals": self.equals}
        return {name: value for name, value in found.items() if value is not None}


class AmountPart(_Strict):
    """One part of the amount: `yuan` for each of a count or once, `percent` of money, or `times` money."""

    fact: Key | None = None
    yuan: Money | None = None
    percent: Factor | None = None
    times: Factor | None = None
    cap: Money | None = None

    @property
    def scales(self) -> list[str]:
        """Return which of the three are given."""
        return [name for name in ("yuan", "percent", "times") if getattr(self, name) is not None]


class SupportClause(_Strict):
    """One measure of a file."""

    id: Key
    name: Words
    help: HelpKind
    source: SourceLine
    amount: Annotated[tuple[AmountPart, ...], Field(min_length=1, max_length=20)]
    conditions: Annotated[tuple[SupportCondition, ...], Field(max_length=40)] = ()
    cap: Money | None = None
    documents: Annotated[tuple[Words, ...], Field(max_length=40)] = ()
    office: Words | None = None
    starts: datetime.date | None = None
    until: datetime.date | None = None
    apply: Words | None = None
    note: Words | None = None
    not_stated: frozenset[ClausePoint] = frozenset()


class SupportFile(_Strict):
    """A file of measures with the questions that they share."""

    format: int
    title: Words
    facts: Annotated[tuple[SupportFact, ...], Field(max_length=100)] = ()
    measures: Annotated[tuple[SupportClause, ...], Field(min_length=1, max_length=100)]


class CompleteClause(_Strict):
    """A measure with its own questions, as it is published and frozen."""

    clause: SupportClause
    facts: tuple[SupportFact, ...]

    def fact(self, key: str) -> SupportFact:
        """Return one of its questions."""
        return next(one for one in self.facts if one.id == key)
