"""What apps above add to the state that HQ gets."""

from django.dispatch import Signal

declared_asked = Signal()
"""Sent with `worker_ids`: return when the declaration of each was made that counts at gates, by worker id. Who is left
out has none that counts. Return None to leave all as HQ has it.
"""
hours_asked = Signal()
"""Sent with `project`. Return `(True, hours)` if gates of the site ask for a health declaration that is not older.
Return `(True, None)` if they ask for none. Return None to leave the rule as HQ has it.
"""
