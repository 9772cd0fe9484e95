"""Loads the commands that one command line needs: a program starts sooner, and holds less in memory."""

from collections.abc import Mapping
from importlib import import_module

import typer


def register_groups(app: typer.Typer, package: str, groups: Mapping[str, str], word: str) -> None:
    """Register the group that has the command `word`; all groups, in their order, if none has it.

    A group is MODULE or MODULE:FUNCTION of the package, with the words of its commands. The function is given `app`;
    its name is `register` if none is written. A module without it has an `app` of its own, which gets the module's
    name.
    """
    for group in [group for group, words in groups.items() if word in words.split()] or groups:
        name, _, function = group.partition(":")
        module = import_module(f"{package}.{name}")
        register = getattr(module, function or "register", None)
        if register is None:
            app.add_typer(module.app, name=name)
        else:
            register(app)
