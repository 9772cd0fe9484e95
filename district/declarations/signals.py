"""What other apps may hear of declarations: screening and cases add their own without being imported here."""

from django.dispatch import Signal

declared = Signal()
"""Sent inside the transaction that stores a declaration, with `person` and `declaration`."""
temperature_taken = Signal()
"""Sent inside the transaction that stores a temperature from a gate or a clerk, with `person` and `reading`."""
