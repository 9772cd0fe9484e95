"""An installed gate that runs as three users, for all tests of a file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from three_users import ThreeUsers

from edge.core.config import MatcherConfig
from edge.matcher import open_matcher
from edge.tools.demo.cast import portraits
from edge.tools.demo.play import Follower


@pytest.fixture(scope="module")
def house(models_dir: Path, photos_dir: Path) -> Iterator[ThreeUsers]:
    assert os.geteuid() == 0, "three users need root"
    with ThreeUsers(models_dir, photos_dir) as made:
        assert isinstance(made, ThreeUsers)
        made.init()
        made.start_hq()
        matcher = open_matcher(MatcherConfig(), models_dir)
        cast = portraits(made.photos_dir, matcher)
        made.publish(cast, matcher)
        made.start_gate(cast)
        made.finish()
        yield made


@pytest.fixture(scope="module")
def followed(house: ThreeUsers) -> Follower:
    """The journal, once lists are in force and the camera delivers."""
    found = Follower(house)
    found.until(found.ready, 60, "not ready")
    return found
