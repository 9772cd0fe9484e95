"""The importers of all apps."""

from functools import cache

from district.imports.importer import Importer
from district.pages import SignedIn
from district.web.registry import offered


@cache
def importers() -> dict[str, type[Importer]]:
    """Return the importers by their keys, in the order of pages."""
    found: list[type[Importer]] = sorted(offered("importers", "IMPORTERS"), key=lambda one: one.order)
    return {one.key: one for one in found}


def importers_for(user: SignedIn) -> dict[str, type[Importer]]:
    """Return those that an account may use somewhere."""
    return {key: one for key, one in importers().items() if user.may(one.permission)}
