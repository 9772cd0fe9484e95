"""Shared fixtures: verified weights and real photos, fetched once per user and kept in the cache."""

from pathlib import Path

import pytest

from edge.matcher.fetch import fetch
from edge.matcher.models import load_manifest
from edge.packages import cache_dir
from edge.photos import fetch_photos


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A folder with the default pack, verified."""
    folder = cache_dir() / "models"
    fetch(load_manifest().pack("opencv-zoo"), folder)
    return folder


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """A folder with the demo photos, verified."""
    return fetch_photos(cache_dir() / "photos")
