"""Make the table of rules in docs/SAFETY.md. `python -m edge.tools.docs.rules docs/SAFETY.md` renews it."""

import sys
from collections.abc import Iterator
from pathlib import Path

from contract.messages import Advice, Reason
from edge.core.decision import RULES, Leaving
from edge.tools.docs.marks import renewed

MAKER = "edge.tools.docs.rules"
_LEAVING = {Leaving.ASKED: "asked too", Leaving.NOTED: "only noted", Leaving.NOT_ASKED: "not asked"}


def table() -> str:
    """Write every rule in order, as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| | rule | what it asks | refused as: next step | on the way out | of a visitor |"
    yield "|---|---|---|---|---|---|"
    for number, rule in enumerate(RULES, 1):
        refusals = "<br>".join(_refusals(rule.refusals)) or "never"
        leaving = f"{_LEAVING[rule.leaving]}. {rule.why_leaving}"
        visitors = "asked" if rule.visitors else "not asked"
        yield f"| {number} | {rule.name} | {rule.asks} | {refusals} | {leaving} | {visitors} |"


def _refusals(refusals: tuple[tuple[Reason, Advice], ...]) -> Iterator[str]:
    by_reason: dict[Reason, list[str]] = {}
    for reason, advice in refusals:
        by_reason.setdefault(reason, []).append(advice.value)
    for reason, steps in by_reason.items():
        yield f"`{reason.value}`: {', '.join(steps)}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8"), MAKER, table()), encoding="utf-8")
