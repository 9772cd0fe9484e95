"""Writes the channels as an AsyncAPI 3.0 document, for generators and viewers of other makers. Payloads are the JSON
Schemas beside it."""

from typing import Any

from contract.messages import VERSION
from contract.topics import ROUTES, Channel, Route

_OCTETS, _JSON = "application/octet-stream", "application/json"
_SIGNED = "A signed envelope; its payload, from base64, is {name}.json."
_SEALED = (
    "signature (64 bytes) ‖ part_header.json ‖ newline ‖ HPKE seal around ({name}.json ‖ newline ‖ raw vectors): "
    "no JSON document as a whole, see docs/MESSAGES.md."
)


def document(names: dict[Channel, str]) -> dict[str, Any]:
    """Return the document, seen from HQ: HQ receives what goes up and sends what goes down.

    `names`: each channel's schema, without ".json".
    """
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "sitegate", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "defaultContentType": _JSON,
        "channels": {channel.value: _channel(route, names[channel]) for channel, route in ROUTES.items()},
        "operations": {channel.value: _operation(channel, route) for channel, route in ROUTES.items()},
    }


def _channel(route: Route, name: str) -> dict[str, Any]:
    parameters = [level.strip("{}") for level in route.pattern.split("/") if level.startswith("{")]
    return {
        "address": route.pattern,
        "messages": {name: _message(route, name)},
        **({"parameters": {parameter: {} for parameter in parameters}} if parameters else {}),
    }


def _message(route: Route, name: str) -> dict[str, Any]:
    if route.sealed:
        return {"contentType": _OCTETS, "description": _SEALED.format(name=name)}
    if route.signed:
        return {"description": _SIGNED.format(name=name), "payload": {"$ref": "./signed_envelope.json"}}
    return {"payload": {"$ref": f"./{name}.json"}}


def _operation(channel: Channel, route: Route) -> dict[str, Any]:
    return {
        "action": "receive" if route.up else "send",
        "channel": {"$ref": f"#/channels/{channel.value}"},
        "bindings": {"mqtt": {"qos": route.qos, "retain": route.retain, "bindingVersion": "0.2.0"}},
    }
