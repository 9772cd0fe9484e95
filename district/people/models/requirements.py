"""Which trainings sites ask for."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.people.rules import TRADES
from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel


class RequiredTraining(VisibleModel):
    """A kind of training without which the gates of a place's sites refuse, of everybody or of one trade."""

    permission: ClassVar[Permission] = Permission.SEE_SITES
    place = models.ForeignKey(Place, models.CASCADE, related_name="required_trainings")
    """A site, or a place: it then holds for all sites below it."""
    kind = models.CharField(_("training"), max_length=60)
    trade = models.CharField(_("trade"), max_length=4, blank=True, choices=[(c, n[0]) for c, n in TRADES.items()])
    """"" is every trade."""

    class Meta:
        ordering: ClassVar = ["place__path", "kind", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "kind", "trade"], name="required_training_once")
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def element_id(self) -> str:
        """Return the name of its button on a page."""
        return f"requirement-{self.pk}"

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return its place, for the audit record."""
        return self.place.path, None

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope, and those of places above that hold there too."""
        above = {path for first, _end in scope.ranges for path in Place.paths_to(first)}
        return scope.places("place__path") | Q(place__path__in=above)
