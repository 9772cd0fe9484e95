"""Collect what apps offer to others, by the list of installed apps: no app imports another for it."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps

from district.navigation import NavigationEntry


def modules_of_apps(module: str) -> Iterator[tuple[AppConfig, ModuleType]]:
    """Yield each of the district's apps that has `APP/module.py`, with that module, in the order of INSTALLED_APPS."""
    for app in apps.get_app_configs():
        path = f"{app.name}.{module}"
        if app.name.startswith("district.") and find_spec(path) is not None:
            yield app, import_module(path)


def offered(module: str, name: str) -> list[Any]:
    """Return the items of a tuple `name` in `APP/module.py`, over all of the district's apps, in their order."""
    return [item for _app, found in modules_of_apps(module) for item in getattr(found, name)]


@cache
def navigation_entries() -> tuple[NavigationEntry, ...]:
    """Return the entries of all apps, in their order."""
    return tuple(sorted(offered("navigation", "ENTRIES"), key=lambda entry: entry.order))
