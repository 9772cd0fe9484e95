"""What an import would do, counted, with the first changes and problems; kept as JSON. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from district.imports.importer import RowAction, RowChange

PROBLEMS_MAX = 1_000
"""Problems that are kept; more are only counted."""
CHANGES_MAX = 200


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """A problem as pages show it: the sentence is translated when it is shown."""

    row: int
    where: str
    """The heading of its column, as the file says it."""
    text: str
    values: Mapping[str, str]
    grave: bool = True


@dataclass(frozen=True, slots=True)
class ShownRow:
    """What becomes of a row: (field, after, before) for each field that changes."""

    row: int
    action: str
    name: str
    fields: list[tuple[str, str, str]]


@dataclass(slots=True)
class ImportResult:
    """What an import would do, or did."""

    rows: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    by_field: dict[str, int] = field(default_factory=dict)
    problem_count: int = 0
    warning_count: int = 0
    problems: list[ShownProblem] = field(default_factory=list)
    changes: list[ShownRow] = field(default_factory=list)

    @property
    def changing(self) -> int:
        """Return how many rows change something."""
        return sum(count for action, count in self.actions.items() if action != RowAction.NONE)

    @property
    def may_be_applied(self) -> bool:
        """Say that nothing is wrong, and something would change."""
        return not self.problem_count and self.changing > 0

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, default=str)

    @classmethod
    def of_json(cls, text: str) -> "ImportResult":
        """Read what `to_json` made; "" is an empty result."""
        said = json.loads(text or "{}")
        said["problems"] = [ShownProblem(**one) for one in said.get("problems", ())]
        said["changes"] = [ShownRow(**one) for one in said.get("changes", ())]
        return cls(**said)


class ResultCounter:
    """Counts changes and problems as they come, and makes the digest of all of them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.result = ImportResult()
        self._actions, self._fields = Counter[str](), Counter[str]()
        self._digest = hashlib.sha256()

    def change(self, one: RowChange) -> None:
        """Count what becomes of a row."""
        fields = [(shown.key, shown.after, shown.before) for shown in one.fields]
        self._digest.update(repr((one.row, one.action.value, one.name, fields)).encode())
        self._actions[one.action] += 1
        if one.action is RowAction.CHANGE:
            self._fields.update(shown.key for shown in one.fields)
        if one.action is not RowAction.NONE and len(self.result.changes) < CHANGES_MAX:
            self.result.changes.append(ShownRow(one.row, one.action.value, one.name, fields))

    def problem(self, one: ShownProblem) -> None:
        """Count what is wrong."""
        if one.grave:
            self.result.problem_count += 1
        else:
            self.result.warning_count += 1
        if len(self.result.problems) < PROBLEMS_MAX:
            self.result.problems.append(one)

    def finish(self) -> tuple[ImportResult, str]:
        """Return the result, and a text that is the same only if all changes are the same."""
        self.result.actions, self.result.by_field = dict(self._actions), dict(self._fields.most_common())
        return self.result, self._digest.hexdigest()
