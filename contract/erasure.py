"""Erases the sealed content of an event as soon as it is no longer needed. The event itself and the hash chain stay.

The body keeps every field; the sealed one becomes empty. The record keeps its `hash`, which is the hash of the whole
body, and `EventRecord.erased` says so. Only enrolments can be erased, so that no decision can disappear.
"""

import json
import re

ENROLMENT = "enrolment"
_SEALED = re.compile(rb'("sealed_record\\*"\s*:\s*\\*")[^"\\]*')
"""Also inside a JSON string, and inside a JSON string in it: there the quotes follow backslashes."""


def without_sealed(body: str) -> str | None:
    """Return the body of an enrolment without its sealed content. None if it is not an enrolment, or already erased."""
    found = _enrolment(body)
    if not found or not found.get("sealed_record"):
        return None
    return json.dumps(found | {"sealed_record": ""}, ensure_ascii=False, separators=(",", ":"))


def is_without_sealed(body: str) -> bool:
    """Return True for an enrolment without sealed content, which is what erasing leaves."""
    found = _enrolment(body)
    return found is not None and found.get("sealed_record") == ""


def scrubbed(payload: bytes) -> bytes:
    """Return the text without the sealed content of any enrolment in it. The text need not be valid JSON."""
    return _SEALED.sub(rb"\1", payload)


def _enrolment(body: str) -> dict[str, object] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("type") == ENROLMENT else None
