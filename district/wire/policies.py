"""The one rule of a site's policy at HQ that the district sets: how long a health declaration holds."""

from sqlalchemy import Connection

from district.wire.records import HqSite
from hq.registry.import_file import ImportFile, PolicyEntry
from hq.registry.people import PeopleRegistry

_RULE = "declaration_valid_h"


def put_hours(people: PeopleRegistry, db: Connection, site: HqSite) -> None:
    """Set or remove the rule. All others of the site's policy stay as they are."""
    held = people.policy(db, site.site_id)
    rest = {name: value for name, value in held.items() if name != _RULE}
    wanted = rest if site.declaration_valid_h is None else rest | {_RULE: float(site.declaration_valid_h)}
    if wanted != held:
        entry = PolicyEntry.model_validate({"site_id": site.site_id, **wanted})
        people.put(db, ImportFile.model_construct(policies=(entry,)))
