"""Bytes to message and back. Everything that arrives from outside passes through `decode`."""

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from contract.messages import VERSION, AnyEvent, Message

MAX_BYTES = 16 * 1024 * 1024
"""A larger payload is refused before it is parsed."""

M = TypeVar("M", bound=Message)
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


class BadMessage(ValueError):
    """A payload that is no message of the expected kind; the text says what is wrong with it."""


def encode(message: Message) -> bytes:
    """The message as compact UTF-8 JSON."""
    return message.model_dump_json(exclude_none=True).encode()


def decode(kind: type[M], payload: bytes) -> M:
    """The payload as a message of `kind`.

    Raises:
        BadMessage: too large, not JSON, another major version, or fields missing or out of bounds.
    """
    _check(payload)
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        raise BadMessage(f"{kind.__name__}: {_summary(error)}") from error


def decode_event(body: str | bytes) -> AnyEvent:
    """One event of any type, from the `body` of an `EventRecord`. Raises BadMessage."""
    try:
        payload = body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError as error:
        raise BadMessage(f"event: not text: {error.reason}") from error
    _check(payload)
    try:
        return _EVENT.validate_json(payload)
    except ValidationError as error:
        raise BadMessage(f"event: {_summary(error)}") from error


def _check(payload: bytes) -> None:
    if len(payload) > MAX_BYTES:
        raise BadMessage(f"{len(payload)} bytes is over the limit of {MAX_BYTES}")
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadMessage(f"expected a JSON object, got {type(data).__name__}")
    major = str(data.get("version", VERSION)).partition(".")[0]
    if major != VERSION.partition(".")[0]:
        raise BadMessage(f"major version {major} is not {VERSION.partition('.')[0]}: update this side first")


def _summary(error: ValidationError) -> str:
    """At most three problems, without the values (they may be personal data)."""
    problems = [f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in error.errors()[:3]]
    more = error.error_count() - len(problems)
    return "; ".join(problems) + (f"; and {more} more" if more > 0 else "")
