"""What other apps may hear of declarations: screening adds its own without being imported here."""

from django.dispatch import Signal

declared = Signal()
"""Sent inside the transaction that stores a declaration, with `person` and `declaration`."""
