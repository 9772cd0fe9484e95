"""What is done in tracing. Each function is one transaction: the rows and the audit record.

The audit record holds no reason that somebody typed: it outlives the measure.
"""

from district.tracing.registry.contacts import CallSheet, call_sheet, order_quarantine, record_call, release_contact
from district.tracing.registry.investigations import close_investigation, open_investigation, trace
from district.tracing.registry.searches import ask_search, problem_of, search_next

__all__ = [
    "CallSheet",
    "ask_search",
    "call_sheet",
    "close_investigation",
    "open_investigation",
    "order_quarantine",
    "problem_of",
    "record_call",
    "release_contact",
    "search_next",
    "trace",
]
