"""Compares two folders of schemas. Finds what a version of the contract breaks for software of another version.

`python -m contract.compatible OLD NEW` prints what is broken, and then ends with 1. docs/MESSAGES.md, "Versions", has
the rules. A newer minor version may add messages, channels, optional fields and words, and widen bounds.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_SAME = ("type", "const", "format", "pattern", "contentEncoding", "default")
_CARRIERS = ("event_batch.json", "signed_envelope.json")
"""Messages that carry others. An older reader refuses one that is too large for it, with everything inside."""
_ROUTE = ("topic", "direction", "qos", "retain", "protection", "schema")


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule. `where`: a file and the path to a field in it. `what`: the rule, in words."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def breaches(old: dict[str, Json], new: dict[str, Json]) -> list[Breach]:
    """Return the rules that the new documents (file name -> JSON) break. If none, both sides can be updated in any
    order."""
    found = list(_channels(old["index.json"], new["index.json"]))
    for name in sorted(old["index.json"]["schemas"].values()):
        if name not in new:
            found.append(Breach(name, "the message is gone"))
        else:
            found += _Comparison(old[name], new[name]).all(name)
    return found


def load(folder: Path) -> dict[str, Json]:
    """Read the documents of one version. Raises OSError, ValueError (not JSON)."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _channels(old: Json, new: Json) -> Iterator[Breach]:
    known = {route["channel"]: route for route in new["channels"]}
    for route in old["channels"]:
        where, other = f"channel {route['channel']}", known.get(route["channel"])
        if other is None:
            yield Breach(where, "is gone")
            continue
        for key in _ROUTE:
            if route[key] != other[key]:
                yield Breach(where, f"{key} was {route[key]}, is {other[key]}")
        if route["max_bytes"] and other["max_bytes"] < route["max_bytes"]:
            yield Breach(where, f"carries {other['max_bytes']} bytes, was {route['max_bytes']}")


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares two schemas, each with its own `$defs`."""

    old_root: Json
    new_root: Json

    def all(self, name: str) -> Iterator[Breach]:
        yield from self._schema(name, self.old_root, self.new_root)

    def _schema(self, where: str, old: Json, new: Json) -> Iterator[Breach]:
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        yield from _plain(where, old, new)
        yield from self._fields(where, old, new)
        if "items" in old and "items" in new:
            yield from self._schema(f"{where}[]", old["items"], new["items"])
        for key in ("anyOf", "oneOf"):
            yield from self._choices(where, old.get(key, ()), new.get(key, ()))

    def _fields(self, where: str, old: Json, new: Json) -> Iterator[Breach]:
        had, has = old.get("properties", {}), new.get("properties", {})
        for name, field in had.items():
            if name not in has:
                yield Breach(f"{where} {name}", "the field is gone")
            else:
                yield from self._schema(f"{where} {name}", field, has[name])
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(now - was):
            yield Breach(f"{where} {name}", "is required now: an older writer leaves it out")
        for name in sorted(was & has.keys() - now):
            yield Breach(f"{where} {name}", "is no longer required: an older reader needs it")

    def _choices(self, where: str, old: Any, new: Any) -> Iterator[Breach]:
        """Check that each old choice, by type or name, is still there."""
        choices = {_key(choice, self.new_root): choice for choice in new}
        for choice in old:
            key = _key(choice, self.old_root)
            if key not in choices:
                yield Breach(where, f"may no longer be {key}")
            else:
                yield from self._schema(where, choice, choices[key])


def _plain(where: str, old: Json, new: Json) -> Iterator[Breach]:
    for key in _SAME:
        if old.get(key) != new.get(key) and not where.endswith(" version"):
            yield Breach(where, f"{key} was {old.get(key)}, is {new.get(key)}")
    if gone := [word for word in old.get("enum", ()) if word not in new.get("enum", ())]:
        yield Breach(where, f"lost the words {', '.join(map(str, gone))}")
    if "enum" in new and "enum" not in old:
        yield Breach(where, "allows only certain words now")
    if where.startswith(_CARRIERS):
        for key in (*_LOWER, *_UPPER):
            if old.get(key) != new.get(key):
                yield Breach(
                    where, f"{key} was {old.get(key)}, is {new.get(key)}: an older reader refuses all it carries"
                )
        return
    for keys, narrower in ((_LOWER, float.__gt__), (_UPPER, float.__lt__)):
        for key in keys:
            if key in new and (key not in old or narrower(float(new[key]), float(old[key]))):
                yield Breach(where, f"{key} was {old.get(key, 'none')}, is {new[key]}")


def _resolved(schema: Json, root: Json) -> Json:
    """Return the schema with a `$ref` into its own document replaced. Keys beside the reference stay."""
    name = schema.get("$ref", "")
    if not name.startswith("#/$defs/"):
        return schema
    return {**root["$defs"][name.removeprefix("#/$defs/")], **{key: schema[key] for key in schema if key != "$ref"}}


def _key(choice: Json, root: Json) -> str:
    """Return what identifies a choice in another version: the last word of a reference, or the type."""
    reference = str(choice.get("$ref", "")).replace("/", ":").rpartition(":")[2]
    return reference or str(choice.get("type", choice.get("title")))


if __name__ == "__main__":
    broken = breaches(load(Path(sys.argv[1])), load(Path(sys.argv[2])))
    sys.exit("\n".join(map(str, broken)) or 0)
