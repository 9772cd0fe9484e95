"""HQ's folder, opened for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from hq import config as settings
from hq.database.store import Store
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.people import PeopleRegistry

Folder = Annotated[Path, typer.Option("--dir", "-d", envvar="SITEGATE_HQ_DIR", help="The folder with hq.toml.")]


@contextmanager
def opened(folder: Path) -> Iterator[tuple[settings.HqConfig, PeopleRegistry, Publisher, Store]]:
    config = settings.load(folder)
    pairs = keys.load(config.folder)
    store = Store(config.url, pairs)
    try:
        people = PeopleRegistry(store, pairs)
        whole_after = timedelta(hours=config.lists.whole_after_h)
        yield config, people, Publisher(store, people, pairs, whole_after), store
    finally:
        store.close()
