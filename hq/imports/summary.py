"""What an import would do, counted, with the first changes of each kind and every problem. Pure."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from hq.imports.lines import ImportProblem
from hq.imports.plan import SECRET, Change, FieldChange, RiskChange, WorkerChange, value_text

PROBLEMS_MAX = 1_000
"""Problems that are kept with their place; more are only counted."""
SHOWN_MAX = 200
"""Changes that are kept to be shown."""


@dataclass(slots=True)
class ImportSummary:
    """What an import would do, or did."""

    workers: Counter[Change] = field(default_factory=Counter)
    risk: Counter[Change] = field(default_factory=Counter)
    policies: int = 0
    enrolments: int = 0
    lines: int = 0
    """Lines about workers and risk entries."""
    by_field: Counter[str] = field(default_factory=Counter)
    """Field -> workers whom it changes for."""
    shown: list[str] = field(default_factory=list)
    """The first changes, one a line. They hold names."""
    problems: list[ImportProblem] = field(default_factory=list)
    problem_count: int = 0
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """Sentence -> the places where it applies."""
    _digest: "hashlib._Hash" = field(default_factory=lambda: hashlib.sha256(), repr=False)

    @property
    def digest(self) -> str:
        """A text that is the same only if all changes are the same."""
        return self._digest.hexdigest()

    @property
    def changes_nothing(self) -> bool:
        """True if everything is as the file says already."""
        changed = [c for counted in (self.workers, self.risk) for c in counted if c is not Change.NONE and counted[c]]
        return not changed and not self.policies and not self.enrolments

    def refuse(self, problem: ImportProblem) -> None:
        """Add a problem."""
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)

    def add_worker(self, change: WorkerChange) -> None:
        """Count what becomes of a worker."""
        self.workers[change.change] += 1
        if change.change is Change.CHANGE:
            self.by_field.update(one.key for one in change.fields)
        self._note(change.change, change.place, change.worker_id, change.fields)

    def add_risk(self, change: RiskChange) -> None:
        """Count what becomes of an entry of a risk list."""
        self.risk[change.change] += 1
        entry = change.entry
        self._note(change.change, change.place, f"{entry.worker_id} on {entry.list_name}", change.fields)

    def add_policy(self, site_id: str, keys: list[str]) -> None:
        """Count a site's rules that change."""
        self.policies += 1
        self._note(Change.CHANGE, "", f"rules of {site_id}", (), ", ".join(keys))

    def _note(
        self, change: Change, place: str, who: str, fields: tuple[FieldChange, ...], said: str | None = None
    ) -> None:
        self._digest.update(repr((change.value, who, [tuple(one) for one in fields], said)).encode())
        if change is Change.NONE or len(self.shown) >= SHOWN_MAX:
            return
        if said is None:
            said = "" if change is Change.REMOVE else "; ".join(map(_added if change is Change.ADD else str, fields))
        self.shown.append(f"{place + ', ' if place else ''}{who}: {change}{' ' + said if said else ''}")


def _added(one: FieldChange) -> str:
    return str(one) if one.key in SECRET else f"{one.key} {value_text(one.after)}"
