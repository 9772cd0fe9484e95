"""What HQ knows of an entry of a risk list. Gates get the fields of `RiskEntry` alone."""

from typing import Annotated

from pydantic import Field, model_validator

from contract.messages import RiskEntry, Text, Utc
from contract.names import matched

Who = Annotated[str, Field(min_length=1, max_length=80)]


class RiskRecord(RiskEntry):
    """An entry as people at HQ write it."""

    purpose: str | None = Field(default=None, max_length=200)
    """What the measure is for."""
    may_lift: tuple[Who, ...] = Field(default=(), max_length=20)
    """Names and roles of those who may lift the entry; nobody named: each person who may use HQ."""

    only_sites: tuple[str, ...] | None = Field(default=None, max_length=1_000)
    """The sites whose gates get the entry; None: all where the worker is listed."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "RiskRecord":
        if self.valid_from_utc and self.valid_until_utc and self.valid_until_utc <= self.valid_from_utc:
            raise ValueError("valid_until_utc must be after valid_from_utc")
        return self

    def may_be_lifted_by(self, who: str) -> bool:
        """Say whether this person or role may lift the entry."""
        return not self.may_lift or matched(who) in map(matched, self.may_lift)

    def holds_at(self, site_id: str) -> bool:
        """Say whether a site's gates get the entry."""
        return self.only_sites is None or site_id in self.only_sites

    def entry(self) -> RiskEntry:
        """Return what gates get."""
        return RiskEntry.model_validate(self.model_dump(include=set(RiskEntry.model_fields)))


class StoredRisk(RiskRecord):
    """An entry as HQ stores it, encrypted: with who added it and, after it was lifted, by whom and why."""

    added_by: str = Field(default="", max_length=80)
    added_utc: Utc
    lifted_by: str | None = Field(default=None, max_length=80)
    lifted_utc: Utc | None = None
    lifted_why: Text | None = None
