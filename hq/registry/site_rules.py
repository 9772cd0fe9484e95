"""A site's rules at HQ. They come from HQ's own files and from the district; each replaces its own rules alone.

A rule of the district counts while the district sets it. Then the rule of HQ's own files counts again.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from contract.messages import ListKind
from hq.database import dirty_lists
from hq.database import people as tables
from hq.registry.import_file import PolicyEntry

_DISTRICT = "by_district"
"""Holds the district's rules, beside the own ones. No rule has this name."""


@dataclass(frozen=True, slots=True)
class SiteRules:
    """Rules that differ from the defaults. `district`: None if a version wrote them that did not tell them apart."""

    own: Mapping[str, object] = field(default_factory=dict)
    district: Mapping[str, object] | None = None

    @property
    def in_force(self) -> dict[str, object]:
        """Return the rules that gates get."""
        return {**self.own, **(self.district or {})}

    def with_own(self, own: Mapping[str, object]) -> "SiteRules":
        """Return the rules after an import. Those of the district stay."""
        return SiteRules(own, self.district or {})

    def with_district(self, names: Collection[str], district: Mapping[str, object]) -> "SiteRules":
        """Return the rules with the district's. `names`: all rules that it may set."""
        if self.district is not None:
            return SiteRules(self.own, district)
        return SiteRules({name: value for name, value in self.own.items() if name not in names}, district)


def held_rules(db: Connection, site_id: str) -> SiteRules:
    """Return a site's rules."""
    body = tables.policy(db, site_id)
    if body is None:
        return SiteRules(district={})
    found = dict(json.loads(body))
    district = found.pop(_DISTRICT, None)
    return SiteRules(found, district)


def put_own(db: Connection, policy: PolicyEntry) -> None:
    """Replace the rules of HQ's own files."""
    held = held_rules(db, policy.site_id)
    _write(db, policy.site_id, held.with_own(own_rules(policy)))
    dirty_lists.mark(db, [policy.site_id], ListKind.POLICY)


def put_district(db: Connection, site_id: str, names: Collection[str], rules: Mapping[str, object]) -> None:
    """Replace the district's rules. `names`: all that it may set. Raises pydantic's ValidationError."""
    held = held_rules(db, site_id)
    wanted = held.with_district(names, rules)
    PolicyEntry.model_validate({"site_id": site_id, **wanted.in_force})
    if wanted != held:
        _write(db, site_id, wanted)
    if wanted.in_force != held.in_force:
        dirty_lists.mark(db, [site_id], ListKind.POLICY)


def own_rules(policy: PolicyEntry) -> dict[str, object]:
    """Return the rules that a file names, as they are stored."""
    return policy.model_dump(mode="json", exclude_unset=True, exclude={"site_id"})


def _write(db: Connection, site_id: str, rules: SiteRules) -> None:
    tables.replace_policy(db, site_id, json.dumps({**rules.own, _DISTRICT: rules.district or {}}))
