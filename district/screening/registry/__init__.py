"""Load and withdraw lists, compare them with people, decide hits: each in one transaction, with its audit record."""

from district.screening.registry.decisions import confirm_hit, dismiss_hit, lift_hit, read_row
from district.screening.registry.lists import AboutKeyList, LoadedKeyList, add_rule, load_list, withdraw_list
from district.screening.registry.matching import compare_list, compare_people

__all__ = [
    "AboutKeyList",
    "LoadedKeyList",
    "add_rule",
    "compare_list",
    "compare_people",
    "confirm_hit",
    "dismiss_hit",
    "lift_hit",
    "load_list",
    "read_row",
    "withdraw_list",
]
