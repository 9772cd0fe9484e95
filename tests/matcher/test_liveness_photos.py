"""Flat photos of real faces before the real detector."""

from edge.core.config import MatcherConfig
from edge.matcher import open_engine
from edge.tools.evaluation.tilted_prints import TILTS, measure


def test_ok__no_tilted_photo_is_taken_for_a_head(models_dir, photos_dir):
    engine = open_engine(MatcherConfig(), models_dir)
    tilts = measure(engine, [photos_dir / "person-a-1.jpg", photos_dir / "missing.jpg"], seed=1)
    assert {tilt.degrees for tilt in tilts} <= set(TILTS) and len(tilts) >= 3
    assert sum(tilt.taken_for_heads for tilt in tilts) == 0
