"""Finds the places and enterprises that a sheet names, among those that the account may see or change."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from contract.names import matched
from district.imports.importer import RowProblem, ShownChange
from district.pages import SignedIn
from district.permissions import Permission
from district.places.models import Enterprise, Place

_STEPS = re.compile(r"\s*[/>›\\]\s*")
PLACE_NOTE = gettext_noop("Its name, its code, or the way to it: Guicheng / Pingzhou.")


class KnownPlaces:
    """The places that the account may change, by code, name and way."""

    def __init__(self, user: SignedIn) -> None:
        """Read them once: a district has some hundreds."""
        rows = (
            Place.objects.visible_to(user, Permission.CHANGE_SITES).filter(retired=None).exclude(kind=Place.Kind.SITE)
        )
        self.by_path: dict[str, Place] = {one.path: one for one in rows.order_by("path")}
        self._by_word: defaultdict[str, list[Place]] = defaultdict(list)
        for one in self.by_path.values():
            self.note(one)

    def note(self, one: Place) -> None:
        """Add a place, also one that was made just now."""
        self.by_path[one.path] = one
        self._by_word[matched(one.name)].append(one)
        if one.code:
            self._by_word[matched(one.code)].append(one)

    def find(self, text: str) -> list[Place]:
        """Return the places that a text may mean."""
        steps = [matched(step) for step in _STEPS.split(text) if step]
        found = list(dict.fromkeys(self._by_word.get(steps[-1], ()))) if steps else []
        return [one for one in found if self._stands_below(one, steps[:-1])]

    def child(self, parent: Place, name: str) -> Place | None:
        """Return the place of a name directly below another."""
        depth = parent.depth + 1
        named = self._by_word.get(matched(name), ())
        return next((one for one in named if one.depth == depth and one.path.startswith(parent.path)), None)

    def _stands_below(self, one: Place, steps: Sequence[str]) -> bool:
        above = [matched(self.by_path[path].name) for path in one.ancestor_paths[:-1] if path in self.by_path]
        position = 0
        for name in above:
            if position < len(steps) and steps[position] == name:
                position += 1
        return position == len(steps)


class KnownEnterprises:
    """Enterprises in use that the account sees, looked up for some rows at a time."""

    def __init__(self, user: SignedIn, texts: Iterable[str]) -> None:
        """Read those that these texts name, by code or by name."""
        wanted = {text for text in texts if text}
        rows = Enterprise.objects.visible_to(user).filter(retired=None).select_related("place")
        self._found: defaultdict[str, list[Enterprise]] = defaultdict(list)
        for one in rows.filter(uscc__in={text.upper() for text in wanted}):
            self._found[one.uscc].append(one)
        for one in rows.filter(name__in=wanted):
            self._found[one.name].append(one)

    def find(self, text: str) -> list[Enterprise]:
        """Return the enterprises that a text may mean."""
        return self._found.get(text.upper()) or self._found.get(text) or []


def one_place(known: KnownPlaces, text: str, row: int, key: str) -> Place | RowProblem:
    """Return the one place that a text means, or what is wrong with it."""
    found = known.find(text)
    if len(found) == 1:
        return found[0]
    if not found:
        sentence = gettext_noop("No place that you may change is called %(text)s: check it, or import the place first.")
        return RowProblem(row, sentence, {"text": text}, key)
    sentence = gettext_noop("Several places are called %(text)s: write the way to it, such as %(way)s.")
    way = " / ".join(known.by_path[path].name for path in found[0].ancestor_paths if path in known.by_path)
    return RowProblem(row, sentence, {"text": text, "way": way}, key)


def differences(row: Any, said: dict[str, Any]) -> tuple[ShownChange, ...]:
    """Return what a row of a sheet changes on a row of the database."""
    found = []
    for key, value in said.items():
        before = getattr(row, key)
        if before != value:
            found.append(ShownChange(key, shown_value(value), shown_value(before)))
    return tuple(found)


def shown_value(value: Any) -> str:
    """Return a value as the preview shows it."""
    return "–" if value is None or value == "" else str(value)
