"""The options that pip gets, and where things are kept."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.system.pinned_packages import PinnedFile, cache_dir
from edge.tools.demo.photos import load_album

HASH = "0" * 64


def pinned(filename, requirement="some_thing==1.2"):
    return PinnedFile(requirement=requirement, filename=filename, sha256=HASH, size_bytes=1)


def test_ok__a_wheel_for_another_machine_is_asked_for_by_its_tags():
    name = "some_thing-1.2-cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"
    options = " ".join(pinned(name).pip_options)
    assert "--implementation cp --abi cp312 --python-version 312" in options
    assert "--platform manylinux_2_24_x86_64 --platform manylinux_2_28_x86_64" in options


def test_ok__a_plain_wheel_and_an_sdist_are_told_apart():
    assert pinned("some_thing-1.2-py3-none-any.whl").pip_options == ["--only-binary", "some_thing"]
    assert pinned("some_thing-1.2.tar.gz").pip_options == ["--no-binary", "some_thing"]


@pytest.mark.parametrize(
    "change", [{"filename": "../x.whl"}, {"requirement": "x>=1"}, {"sha256": "abc"}, {"size_bytes": 0}, {"extra": 1}]
)
def test_fail__a_pin_that_does_not_pin(change):
    fields = {"requirement": "x==1", "filename": "x-1.tar.gz", "sha256": HASH, "size_bytes": 1}
    with pytest.raises(ValidationError):
        PinnedFile.model_validate({**fields, **change})


def test_ok__the_cache_follows_the_environment(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/where")
    monkeypatch.delenv("SITEGATE_CACHE", raising=False)
    assert cache_dir() == Path("/some/where/sitegate")
    monkeypatch.setenv("SITEGATE_CACHE", "/else/where")
    assert cache_dir() == Path("/else/where")


def test_ok__every_photo_has_a_known_package_a_licence_and_its_own_name():
    album = load_album()
    assert {photo.package for photo in album.photos} == set(album.packages)
    assert len({photo.file for photo in album.photos}) == len(album.photos)
    assert all(photo.licence and photo.credit for photo in album.photos)
