"""The answer to one question of `sitegate check` or `sitegate-hq check`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CheckState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer to one question. `todo` says what to do, '' if nothing; `figures` are the numbers in `detail`, by
    name.

    `grave`: shown in red although the gate works as configured.
    """

    what: str
    state: CheckState
    detail: str
    todo: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    grave: bool = False
