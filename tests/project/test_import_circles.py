"""No file imports itself by way of others."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def imports() -> dict[str, set[str]]:
    """Of each file, those it imports. Imports under TYPE_CHECKING and inside functions count too."""
    graph = grimp.build_graph("common", "contract", "edge", "hq", cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def test_ok__no_files_import_each_other_in_a_circle() -> None:
    found = imports()
    assert len(found) > 300
    TopologicalSorter(found).prepare()  # a CycleError names the circle


def test_fail__a_circle_would_be_found() -> None:
    found = imports()
    found["contract.signing"].add("hq.cli")
    with pytest.raises(CycleError):
        TopologicalSorter(found).prepare()
