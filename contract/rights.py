"""Which topics each side must be allowed to read and write at the broker, from the table of channels."""

from dataclasses import dataclass

from contract.topics import PREFIX, ROUTES

_LIST = "/list/"


@dataclass(frozen=True, slots=True)
class TopicFilters:
    """What one client may do. Filters in MQTT's form (4.7): `+` is one level, `#` is all below."""

    read: tuple[str, ...]
    write: tuple[str, ...]


def of_gate(site_id: str, gate_id: str) -> TopicFilters:
    """Return what one gate needs."""
    return TopicFilters(read=_filters(site_id, gate_id, up=False), write=_filters(site_id, gate_id, up=True))


def of_hq() -> TopicFilters:
    """Return what HQ needs, for all sites and gates."""
    return TopicFilters(read=_filters("+", "+", up=True), write=_filters("+", "+", up=False))


def _filters(site_id: str, gate_id: str, *, up: bool) -> tuple[str, ...]:
    """Name each channel of a direction. All lists of a site have one filter, so that a new list needs no new right."""
    found: dict[str, None] = {}
    for route in ROUTES.values():
        if route.up is up:
            name = route.pattern.format(site_id=site_id, gate_id=gate_id, part="+")
            found[f"{name.partition(_LIST)[0]}{_LIST}#" if _LIST in name else name] = None
    return tuple(found)


def covers(filters: tuple[str, ...], topic: str) -> bool:
    """Say whether one of the filters matches a topic."""
    return any(_matches(one.split("/"), topic.split("/")) for one in filters)


def _matches(wanted: list[str], given: list[str]) -> bool:
    if wanted and wanted[-1] == "#":
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(part in ("+", name) for part, name in zip(wanted, given, strict=True))


ALL = f"{PREFIX}/#"
"""Everything between gates and HQ."""
