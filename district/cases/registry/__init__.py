"""What is done to cases. Each function is one transaction: the case, a row of its history, the audit record."""

from district.cases.registry.duty import OFFICE, add_hours, add_weekdays, remove_hours, seed_calendar, set_day
from district.cases.registry.escalating import escalate_due
from district.cases.registry.opening import open_case
from district.cases.registry.steps import (
    Phone,
    add_news,
    assign,
    close,
    confirm,
    hand_over,
    progress,
    reopen,
    resolve,
    respond,
    take_back,
)

__all__ = [
    "OFFICE",
    "Phone",
    "add_hours",
    "add_news",
    "add_weekdays",
    "assign",
    "close",
    "confirm",
    "escalate_due",
    "hand_over",
    "open_case",
    "progress",
    "remove_hours",
    "reopen",
    "resolve",
    "respond",
    "seed_calendar",
    "set_day",
    "take_back",
]
