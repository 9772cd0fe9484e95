"""Writes the contract for integrators: JSON Schema 2020-12 of every message, an index of the channels, and AsyncAPI
3.0.

`python -m contract.schema [FOLDER]` writes them; the default folder is that of the present version, such as
contract/schemas/v1.3. They are made from the models and `contract.topics`, in a stable order.
"""

import ast
import inspect
import json
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from pydantic import BaseModel

from contract import policy, signing
from contract.asyncapi import document
from contract.messages import (
    VERSION,
    AnyEvent,
    AnyMessage,
    directory,
    events,
    list_transfer,
    lists,
    orders,
    policy_snapshot,
    presence,
    records,
    registration,
    telemetry,
    words,
)
from contract.signing import SignedEnvelope
from contract.topics import ROUTES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "schemas"
EVENTS: tuple[type[BaseModel], ...] = get_args(get_args(AnyEvent)[0])
KINDS: tuple[type[BaseModel], ...] = (*get_args(AnyMessage), *EVENTS, SignedEnvelope)
MODULES = (
    words,
    events,
    telemetry,
    lists,
    policy_snapshot,
    directory,
    presence,
    list_transfer,
    registration,
    orders,
    records,
    policy,
    signing,
)
"""Where the models and words are written, in the order in which docs/MESSAGES.md shows them."""

_MAJOR = VERSION.partition(".")[0]
_BYTES = "Bytes in base64 with the URL-safe alphabet and padding (RFC 4648, section 5)."
_SAID_OF_VERSION = "Of the contract that the writer speaks. A reader refuses another major version."


def documents() -> dict[str, str]:
    """Return file name -> JSON text of every exported document."""
    made: dict[str, Any] = {f"{name_of(kind)}.json": _schema(kind) for kind in KINDS}
    made["event.json"] = _any_event()
    made["index.json"] = _index()
    made["asyncapi.json"] = document({channel: name_of(route.carries) for channel, route in ROUTES.items()})
    return {name: json.dumps(made[name], indent=1, ensure_ascii=False) + "\n" for name in sorted(made)}


def write(folder: Path) -> list[Path]:
    """Write all documents into the folder; make it if it is missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in documents()]


def name_of(kind: type[BaseModel]) -> str:
    """Return the name of a message's schema and samples: AccessEvent -> access_event."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


def _urn(name: str) -> str:
    return f"urn:sitegate:contract:{VERSION}:{name}"


def _index() -> dict[str, Any]:
    """Return all channels with their routes, and all schemas. `max_bytes` counts the payload as it travels."""
    channels = [
        {
            "channel": channel.value,
            "topic": route.pattern,
            "direction": "gate to hq" if route.up else "hq to gate",
            "qos": route.qos,
            "retain": route.retain,
            "max_bytes": route.max_bytes,
            "protection": route.protection,
            "schema": f"{name_of(route.carries)}.json",
        }
        for channel, route in ROUTES.items()
    ]
    names = sorted([*map(name_of, KINDS), "event"])
    return {"version": VERSION, "channels": channels, "schemas": {name: f"{name}.json" for name in names}}


def _any_event() -> dict[str, Any]:
    """Return the schema of the `body` of an `EventRecord`."""
    return {
        "$schema": DIALECT,
        "$id": _urn("event"),
        "title": "AnyEvent",
        "description": "One event of any type: the body of an EventRecord. `type` says which.",
        "oneOf": [{"$ref": _urn(name_of(kind))} for kind in EVENTS],
    }


def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    schema = kind.model_json_schema()
    definitions = schema.pop("$defs", {})
    for one in (schema, *definitions.values()):
        _explain(one)
    head = {"$schema": DIALECT, "$id": _urn(name_of(kind))}
    return {**head, **schema, **({"$defs": dict(sorted(definitions.items()))} if definitions else {})}


def _explain(schema: dict[str, Any]) -> None:
    """Add the models' own texts about fields and words. Remove titles that only repeat a field's name."""
    owner = schema["title"]
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        said = [text for text in [text_of(owner, name)] if text]
        for part in (field, *field.get("anyOf", ()), field.get("items", {})):
            if part.get("format") == "base64url":
                said.append(_as_base64(part))
        if name == "version":
            field["pattern"] = rf"^{_MAJOR}\.\d+$"
            said.append(_SAID_OF_VERSION)
        if said:
            field["description"] = " ".join(said)
    words = [f"{word}: {text}" for word in schema.get("enum", ()) if (text := text_of(owner, word.upper()))]
    if words:
        schema["description"] = " ".join([schema.get("description", ""), *words]).strip()


def _as_base64(field: dict[str, Any]) -> str:
    """Turn a schema of bytes into one of the base64 text that travels; return the text that explains it."""
    field["contentEncoding"] = field.pop("format")
    bounds = {key: field[key] for key in ("minLength", "maxLength") if key in field}
    field.update({key: 4 * -(-length // 3) for key, length in bounds.items()})
    least, most = bounds.get("minLength"), bounds.get("maxLength")
    size = "" if most is None else f" {most} bytes." if most == least else f" At most {most} bytes."
    return _BYTES + size


def text_of(owner: str, name: str) -> str:
    """Return the string literal below the attribute, in the class itself or its nearest base; "" if there is none."""
    for module in MODULES:
        kind = getattr(module, owner, None)
        for base in inspect.getmro(kind) if kind else ():
            if text := _attribute_texts(module).get((base.__name__, name)):
                return text
    return ""


@cache
def _attribute_texts(module: ModuleType) -> dict[tuple[str, str], str]:
    """Return (class, attribute) -> the string literal that follows the attribute. Editors show it too."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ClassDef):
            for item, after in pairwise(node.body):
                name = _target(item)
                if name and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    found[node.name, name] = " ".join(str(after.value.value).split())
    return found


def _target(item: ast.stmt) -> str:
    target = (
        item.target if isinstance(item, ast.AnnAssign) else item.targets[0] if isinstance(item, ast.Assign) else None
    )
    return target.id if isinstance(target, ast.Name) else ""


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / f"v{VERSION}")
