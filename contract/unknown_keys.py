"""Keys in a file that no model knows, and what may have been meant.

Messages ignore unknown keys, so that old software reads new ones. In a file that a person wrote such a key is a mistake:
what it should have set would not hold.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelt most like this one; None if none is like it."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def hint(key: str, known: Iterable[str]) -> str:
    """What may have been meant, or all that is known."""
    names = list(known)
    near = nearest(key, names)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(names)}"


def unknown_key(where: str, key: str, known: Iterable[str]) -> str:
    """The error for an unknown key. `where`: the key with all that leads to it."""
    return f"{where}: unknown key; {hint(key, known)}"


def unknown_keys(model: type[BaseModel], data: Any, where: str = "") -> Iterator[str]:
    """One error for each unknown key, however deep. `data`: parsed JSON, not yet checked."""
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
    """The keys known at a place in pydantic's notation; indexes of lists are passed over. Empty: no model is there."""
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
    """The model within an annotation such as `tuple[Period, ...] | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part)) is not None), None)
