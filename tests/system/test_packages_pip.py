"""pip, archives and files for real: a package made here, fetched from a folder of packages."""

import tarfile
import zipfile

import pytest

from edge.system.pinned_packages import PackageError, PinnedFile, download, extract, sha256_of

NAME = "sitegate_probe-1.0-py3-none-any.whl"
CONTENT = b"weights" * 1000


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A real wheel in a folder that pip searches instead of the index."""
    folder = tmp_path / "index"
    folder.mkdir()
    info = "sitegate_probe-1.0.dist-info"
    with zipfile.ZipFile(folder / NAME, "w") as archive:
        archive.writestr("sitegate_probe/weights.bin", CONTENT)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: sitegate-probe\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder / NAME


def pin(data, size=None):
    return PinnedFile(
        requirement="sitegate-probe==1.0", filename=NAME, sha256=sha256_of(data), size_bytes=size or len(data)
    )


def test_ok__fetch_verify_extract(wheel, tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    seen = []
    path = download(pin(wheel.read_bytes()), into, lambda *step: seen.append(step))
    assert path.read_bytes() == wheel.read_bytes()
    assert seen[-1] == ("sitegate-probe==1.0", wheel.stat().st_size, wheel.stat().st_size)
    assert extract(path, "sitegate_probe/weights.bin", sha256_of(CONTENT)) == CONTENT


def test_fail__the_index_has_a_file_with_another_hash(wheel, tmp_path):
    with pytest.raises(PackageError, match=r"could not be fetched.*then run this again"):
        download(pin(b"what was pinned"), tmp_path)


def test_fail__the_index_has_nothing(wheel, tmp_path):
    data = wheel.read_bytes()
    wheel.unlink()
    with pytest.raises(PackageError, match="check the network"):
        download(pin(data), tmp_path)


def test_fail__a_member_with_another_hash_and_no_such_member(wheel):
    with pytest.raises(PackageError, match="do not use it"):
        extract(wheel, "sitegate_probe/weights.bin", sha256_of(b"other"))
    with pytest.raises(PackageError, match="has no member"):
        extract(wheel, "sitegate_probe/none.bin", sha256_of(CONTENT))


def test_ok__members_of_an_sdist(tmp_path):
    (tmp_path / "a.bin").write_bytes(CONTENT)
    with tarfile.open(tmp_path / "x-1.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a.bin", "x-1/a.bin")
    assert extract(tmp_path / "x-1.tar.gz", "x-1/a.bin", sha256_of(CONTENT)) == CONTENT
    with pytest.raises(PackageError, match="has no member"):
        extract(tmp_path / "x-1.tar.gz", "x-1/b.bin", sha256_of(CONTENT))
