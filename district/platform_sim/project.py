"""One project on the simulated platform, with what was uploaded."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class SimProject:
    """One project with what was uploaded. Workers are found by the number of their id document."""

    code: str
    app_id: str
    secret: str
    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    teams: dict[int, dict[str, Any]] = field(default_factory=dict)
    workers: dict[str, dict[str, Any]] = field(default_factory=dict)
    inside: dict[str, bool] = field(default_factory=dict)
    attendance: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(number, time, direction) -> team. The same passage twice is one."""
    contracts: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    """(number, company, first day) -> contract."""
    trainings: list[dict[str, Any]] = field(default_factory=list)
    """Each with `numbers`: of its workers."""
    wages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """`thirdPayRollCode` -> line, with the plain `number` and `account`."""
