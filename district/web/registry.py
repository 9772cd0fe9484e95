"""Collect what apps offer to the console, by the list of installed apps: no app imports another for it."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps

from district.navigation import NavigationEntry


def offered(module: str, name: str) -> list[Any]:
    """Return the items of a tuple `name` in `APP/module.py`, over all of the district's apps, in their order."""
    found: list[Any] = []
    for app in apps.get_app_configs():
        path = f"{app.name}.{module}"
        if app.name.startswith("district.") and find_spec(path) is not None:
            found.extend(getattr(import_module(path), name))
    return found


@cache
def navigation_entries() -> tuple[NavigationEntry, ...]:
    """Return the entries of all apps, in their order."""
    return tuple(sorted(offered("navigation", "ENTRIES"), key=lambda entry: entry.order))
