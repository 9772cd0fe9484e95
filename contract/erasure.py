"""What is sealed in an event goes as soon as it is no longer needed; the event itself, and the chain, stay.

The body keeps every field but the sealed one, which becomes empty. The record keeps its `hash`, which is that of the whole
body, and says so (`EventRecord.erased`). Nothing but an enrolment can be erased: no decision can be made to vanish.
"""

import json
import re

ENROLMENT = "enrolment"
_SEALED = re.compile(rb'("sealed_record\\*"\s*:\s*\\*")[^"\\]*')
"""Also inside a JSON string, and inside one of those: there the quotes have backslashes before them."""


def without_sealed(body: str) -> str | None:
    """The body of an enrolment without what is sealed in it; None if it is none, or nothing is sealed in it."""
    found = _enrolment(body)
    if not found or not found.get("sealed_record"):
        return None
    return json.dumps(found | {"sealed_record": ""}, ensure_ascii=False, separators=(",", ":"))


def is_without_sealed(body: str) -> bool:
    """Whether this can be what erasing left: an enrolment with nothing sealed in it."""
    found = _enrolment(body)
    return found is not None and found.get("sealed_record") == ""


def scrubbed(payload: bytes) -> bytes:
    """Any text that may hold enrolments, readable or not, without what is sealed in them."""
    return _SEALED.sub(rb"\1", payload)


def _enrolment(body: str) -> dict[str, object] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("type") == ENROLMENT else None
