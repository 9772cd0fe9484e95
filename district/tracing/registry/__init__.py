"""What is done in tracing. Each function is one transaction: the rows and the audit record."""

from district.tracing.registry.contacts import CallSheet, call_sheet, order_quarantine, record_call, release_contact
from district.tracing.registry.investigations import close_investigation, open_investigation, trace

__all__ = [
    "CallSheet",
    "call_sheet",
    "close_investigation",
    "open_investigation",
    "order_quarantine",
    "record_call",
    "release_contact",
    "trace",
]
