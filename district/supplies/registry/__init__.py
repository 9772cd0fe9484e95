"""What is done with supplies. Each function is one transaction: the row, the audit record, the case."""

from district.supplies.registry.commitments import commit, note_check, stop, withdraw
from district.supplies.registry.draws import draw_checks
from district.supplies.registry.filing import SiteFigures, declare_day, employers_of, version_of
from district.supplies.registry.needs import policy_of, set_policy
from district.supplies.registry.offers import offer_surplus, sides_of_offer, take_step

__all__ = [
    "SiteFigures",
    "commit",
    "declare_day",
    "draw_checks",
    "employers_of",
    "note_check",
    "offer_surplus",
    "policy_of",
    "set_policy",
    "sides_of_offer",
    "stop",
    "take_step",
    "version_of",
    "withdraw",
]
