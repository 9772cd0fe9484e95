"""The one rule of a site's policy at HQ that the district sets: how long a health declaration holds."""

from sqlalchemy import Connection

from district.wire.records import HqSite
from hq.registry.site_rules import put_district

_RULE = "declaration_valid_h"


def put_hours(db: Connection, site: HqSite) -> None:
    """Set or remove the district's rule. All others of the site's policy stay, and HQ's own one of this name too."""
    hours = site.declaration_valid_h
    put_district(db, site.site_id, {_RULE}, {} if hours is None else {_RULE: float(hours)})
