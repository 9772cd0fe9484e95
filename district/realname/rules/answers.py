"""What the platform answers, read carefully: an answer that cannot be read never counts as success."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from district.realname.rules.advice import without_numbers

TEXT_MAX = 300
"""Characters of the platform's text that are kept."""
_NUMBER_DIGITS_MAX = 18


class Verdict(Enum):
    """What an answer means for the thing that was sent."""

    TAKEN = "taken"
    """The platform has the call, or answered the question."""
    REFUSED = "refused"
    """This thing is wrong: sending it once more would not help."""
    SITE = "site"
    """Nothing of this site goes: signature, right or address."""
    LATER = "later"
    """Too many calls, or the platform is busy: once more later."""


class Outcome(Enum):
    """How far the platform is with what it took."""

    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


VERDICTS = {
    "0": Verdict.TAKEN,
    "-1": Verdict.REFUSED,
    "-2": Verdict.SITE,
    "-3": Verdict.SITE,
    "-4": Verdict.SITE,
    "-5": Verdict.LATER,
}
_ABOUT_CLOCKS = re.compile("timestamp|时间戳|时钟|服务器时间")
_OUTCOMES = {"0": Outcome.WORKING, "10": Outcome.FAILED, "20": Outcome.DONE}


class AnswerError(ValueError):
    """An answer that is none of the platform's. It is not known whether the platform has the call."""


@dataclass(frozen=True)
class PlatformAnswer:
    """One answer."""

    code: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Say what the code means. Codes that are not documented refuse the one thing."""
        return VERDICTS.get(self.code, Verdict.REFUSED)

    @property
    def about_clocks(self) -> bool:
        """Say whether it refuses the time at which the call was made."""
        return self.verdict is Verdict.REFUSED and bool(_ABOUT_CLOCKS.search(self.text))

    @property
    def serial(self) -> str:
        """Return the code to ask for the result with; "" if there is none."""
        return cleaned(self.data.get("requestSerialCode"))[:80]

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows of a query."""
        rows = self.data.get("rows")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @property
    def total(self) -> int:
        """Return how many rows the query has on all pages."""
        try:
            return int(self.data.get("totalCount") or 0)
        except (TypeError, ValueError):
            return 0


@dataclass(frozen=True)
class UploadResult:
    """What became of a call that the platform took."""

    outcome: Outcome
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def read(content: bytes) -> PlatformAnswer:
    """Read an answer. Raises AnswerError."""
    try:
        written = json.loads(content)
    except (ValueError, RecursionError):
        raise AnswerError("the platform's answer is no JSON") from None
    if not isinstance(written, dict) or "code" not in written:
        raise AnswerError("the platform's answer has no code")
    data = written.get("data")
    text = without_numbers(cleaned(written.get("message")))
    return PlatformAnswer(cleaned(written["code"])[:20], text, data if isinstance(data, dict) else {})


def result(answer: PlatformAnswer) -> UploadResult:
    """Read the answer of `AsyncHandleResult.Query`. `result` is a text, or JSON in a text. Raises AnswerError."""
    outcome = _OUTCOMES.get(str(answer.data.get("status", "")))
    if outcome is None:
        raise AnswerError("the platform's answer has no status")
    text = answer.data.get("result")
    try:
        values = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        values = None
    return UploadResult(outcome, without_numbers(cleaned(text)), values if isinstance(values, dict) else {})


def team_number(values: Mapping[str, Any]) -> str:
    """Return the platform's number of a team; "" if it is none."""
    text = cleaned(values.get("teamSysNo"))
    return text if text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS_MAX else ""


def cleaned(value: object) -> str:
    """Return a text of the platform as a database can store it: no NUL, no lone surrogates, not too long."""
    text = "" if value is None else str(value)
    return text[:TEXT_MAX].replace("\0", "").encode("utf-8", "replace").decode()
