"""What other apps may hear of people: they add holds and data of their own without being imported here."""

from django.dispatch import Signal

merged = Signal()
"""Sent inside the transaction of a merge or its undoing, with `gained` (the person with more rows now) and `lost`.
Projections by person are made new by the apps that keep them.
"""
erased = Signal()
"""Sent inside the transaction that erases a person's identity, with `person`: delete what belongs to it."""
holds_asked = Signal()
"""Sent with `person`: return `people.holds.Hold` objects that forbid erasing now."""
data_asked = Signal()
"""Sent with `person`: return `people.held.HeldTable` objects with what the app holds about the person."""
stored = Signal()
"""Sent by a model inside the transaction that stores many of its rows at once. It has `rows` and whether all are
`created`. `post_save` is not sent for them: who hears that one hears this one too.
"""
