"""Finds keys in a file that no model knows, and suggests what was meant.

Messages ignore unknown keys, so that old software reads new messages. In a file that a person wrote an unknown key is a
mistake: the setting would have no effect.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word with the most similar spelling; None if no word is similar."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def hint(key: str, known: Iterable[str]) -> str:
    """Return the most similar known key as a question, or all known keys."""
    names = list(known)
    near = nearest(key, names)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(names)}"


def unknown_key(where: str, key: str, known: Iterable[str]) -> str:
    """Return the error for an unknown key. `where`: its full path."""
    return f"{where}: unknown key; {hint(key, known)}"


def unknown_keys(model: type[BaseModel], data: Any, where: str = "") -> Iterator[str]:
    """Yield one error for each unknown key, at any depth. `data`: parsed JSON, not yet validated."""
    for key, value in data.items() if isinstance(data, dict) else ():
        place = f"{where}.{key}" if where else key
        field = model.model_fields.get(key)
        if field is None:
            yield unknown_key(place, key, model.model_fields)
        elif (part := model_in(field.annotation)) is not None:
            many = isinstance(value, list)
            for number, item in enumerate(value if many else [value]):
                yield from unknown_keys(part, item, f"{place}.{number}" if many else place)


def keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the known keys at a place in pydantic's notation. Indexes of lists are ignored. Empty if there is no
    model."""
    for name in place:
        field = model.model_fields.get(str(name))
        if field is None:
            continue
        inner = model_in(field.annotation)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model within an annotation such as `tuple[Period, ...] | None`; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part)) is not None), None)
