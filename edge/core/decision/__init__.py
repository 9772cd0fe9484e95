"""Decide whether a person may pass: one ordered table of rules over pure functions (`edge.core.decision.table`)."""

from collections.abc import Mapping

from edge.core.decision.case import DecisionCase, RuleFinding, RuleVerdict, policy_of, tier, tiers
from edge.core.decision.decide import decide, examine
from edge.core.decision.guard import GuardCheck, Objection, admit_by_guard, check_for_guard
from edge.core.decision.identity_rules import advice_for
from edge.core.decision.table import RULES, Leaving, Rule
from edge.core.decision.two_person import TwoPersonWaits

__all__ = [
    "RULES",
    "DecisionCase",
    "GuardCheck",
    "Leaving",
    "Objection",
    "Rule",
    "RuleFinding",
    "RuleVerdict",
    "TwoPersonWaits",
    "admit_by_guard",
    "advice_for",
    "check_for_guard",
    "decide",
    "examine",
    "look_alikes_in_words",
    "policy_of",
    "tier",
    "tiers",
]


def look_alikes_in_words(look_alikes: Mapping[str, str], shown: int = 3) -> str:
    """Describe who looks like whom for an event's detail: each pair once, the first few by id."""
    pairs = sorted({tuple(sorted(pair)) for pair in look_alikes.items()})
    words = ", ".join(f"{a} ~ {b}" for a, b in pairs[:shown])
    return words + (f" and {len(pairs) - shown} more pairs" if len(pairs) > shown else "")
