"""Keys that no model knows, wherever they stand in a file. Messages ignore them, so that old software reads new ones; in a
file that a person wrote, such a key is a slip of the pen, and whatever it should have said would not hold."""

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel


def unknown_keys(model: type[BaseModel], data: Any, where: str = "") -> Iterator[str]:
    """One line for each, with what may have been meant. `data` is parsed JSON, not yet checked."""
    for key, value in data.items() if isinstance(data, dict) else ():
        place = f"{where}.{key}" if where else key
        field = model.model_fields.get(key)
        if field is None:
            near = difflib.get_close_matches(key, model.model_fields, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(model.model_fields)}"
            yield f"{place}: unknown key; {hint}"
        elif (part := _part(field.annotation)) is not None:
            many = isinstance(value, list)
            for number, item in enumerate(value if many else [value]):
                yield from unknown_keys(part, item, f"{place}.{number}" if many else place)


def _part(annotation: Any) -> type[BaseModel] | None:
    """The model within an annotation such as `tuple[Period, ...] | None`, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _part(part)) is not None), None)
