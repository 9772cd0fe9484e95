"""What the shared pages announce. The audit listens: it stands above this app and is not imported here."""

from django.dispatch import Signal

exported = Signal()
"""Somebody took rows away as a file. Sent with `request`, `table` (its name) and `format`."""
