"""The importers of all apps."""

from functools import cache
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from district.imports.importer import Importer
from district.pages import SignedIn


@cache
def importers() -> dict[str, type[Importer]]:
    """Return the importers by their keys, in the order of pages."""
    found: list[type[Importer]] = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "importers"):
            found += import_module(f"{config.name}.importers").IMPORTERS
    return {one.key: one for one in sorted(found, key=lambda one: one.order)}


def importers_for(user: SignedIn) -> dict[str, type[Importer]]:
    """Return those that an account may use somewhere."""
    return {key: one for key, one in importers().items() if user.may(one.permission)}
