"""What one account may see: the one filter that every query of the district passes.

Every model that pages show derives from `VisibleModel` and says in `visible_q` how a scope limits it. Nothing else
filters by rights.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from django.db import models
from django.db.models import Q

from district.permissions import Permission

NOTHING = Q(pk__in=[])
"""Matches no row."""
_ROOT_PATH_LENGTH = 4
"""Characters in the path of a place without a parent (`Place.steplen`)."""


@dataclass(frozen=True)
class Scope:
    """Where an account has one permission: ranges of paths in the tree of places, and enterprises."""

    ranges: tuple[tuple[str, str], ...] = ()
    """Each from a path to the first path behind its branch. Ranges, not LIKE: an index serves them on both
    databases.
    """
    enterprises: frozenset[int] = frozenset()

    @property
    def empty(self) -> bool:
        """Say that the account has the permission nowhere."""
        return not self.ranges and not self.enterprises

    @property
    def whole(self) -> bool:
        """Say that the account has the permission on a whole tree: what belongs to no place is its too."""
        return any(len(first) == _ROOT_PATH_LENGTH for first, _end in self.ranges)

    def holds(self, path: str) -> bool:
        """Say whether the place of a path is inside."""
        return any(first <= path < end for first, end in self.ranges)

    def places(self, path: str = "path") -> Q:
        """Return the filter for a column with the path of a place."""
        found = NOTHING
        for first, end in self.ranges:
            found |= Q(**{f"{path}__gte": first, f"{path}__lt": end})
        return found

    def employers(self, enterprise: str = "enterprise") -> Q:
        """Return the filter for a column with an enterprise."""
        return Q(**{f"{enterprise}__in": self.enterprises}) if self.enterprises else NOTHING


class Account(Protocol):
    """Somebody with rights: a signed-in user, or an API token."""

    def scope(self, permission: Permission) -> Scope:
        """Return where the account has a permission."""


class VisibleQuerySet(models.QuerySet[Any]):
    """A query that can be limited to what an account may see."""

    def visible_to(self, user: Account, permission: Permission | None = None) -> Self:
        """Keep the rows that an account may see, or on which it has another permission."""
        model: type[VisibleModel] = self.model
        scope = user.scope(permission or model.permission)
        return self.none() if scope.empty else self.filter(model.visible_q(scope))


class VisibleModel(models.Model):
    """A table whose rows are shown by place and enterprise."""

    permission: ClassVar[Permission]
    """What an account needs to see a row."""
    objects = VisibleQuerySet.as_manager()

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Return the filter for the rows inside a scope, without joins that multiply rows: use `Exists` or
        `pk__in`.
        """
        raise NotImplementedError
