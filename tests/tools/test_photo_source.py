"""Folders and ZIP archives of photos, as careless people pack them and as malicious ones make them."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from common.photo_messages import PhotoRequest
from edge.core.config import MatcherConfig
from edge.system.photo_file import PhotoError
from edge.tools.photo_enrolment import photo_source
from edge.tools.photo_enrolment.photo_source import SourceError, open_source, readable
from edge.tools.photo_enrolment.session import PhotoSession


def packed(path: Path, entries: dict[str, bytes], **changes: object) -> Path:
    """A ZIP; `changes` are set in each entry's record."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in changes.items():
                setattr(info, field, value)
            archive.writestr(info, body)
    return path


def problems(path: Path) -> list[str]:
    return [file.problem for file in open_source(path).files]


def test_ok__a_folder_and_an_archive_give_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "photos/w-2").mkdir(parents=True)
    for name in ("w-1.jpg", "w-2/front one.jpg"):
        (tmp_path / "photos" / name).write_bytes(name.encode())
    archive = packed(
        tmp_path / "a.zip", {"w-1.jpg": b"w-1.jpg", "w-2/": b"", "w-2/front one.jpg": b"w-2/front one.jpg"}
    )
    for path in (tmp_path / "photos", archive):
        source = open_source(path)
        assert [(file.name, file.problem) for file in source.files] == [("w-1.jpg", ""), ("w-2/front one.jpg", "")]
        assert [source.read(file.number) for file in source.files] == [b"w-1.jpg", b"w-2/front one.jpg"]


@pytest.mark.parametrize("name", ["../w-1.jpg", "/etc/w-1.jpg", "a/../../w-1.jpg", "..\\w-1.jpg", "C:\\w-1.jpg"])
def test_fail__a_member_outside_the_archive_is_named_and_not_read(name: str, tmp_path: Path) -> None:
    source = open_source(packed(tmp_path / "a.zip", {name: b"x"}))
    assert "outside the archive" in source.files[0].problem
    with pytest.raises(PhotoError, match="outside"):
        source.read(0)


def test_fail__links_nested_archives_and_unusual_packings_are_named(tmp_path: Path) -> None:
    linked = packed(tmp_path / "l.zip", {"w-1.jpg": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert "is a link" in problems(linked)[0]
    assert "archive inside" in problems(packed(tmp_path / "n.zip", {"more.ZIP": b"PK"}))[0]
    assert "unusual way" in problems(packed(tmp_path / "x.zip", {"w-1.jpg": b"x"}, compress_type=zipfile.ZIP_LZMA))[0]
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/w-1.jpg").symlink_to("/etc/passwd")
    (tmp_path / "photos/w-2").symlink_to("/etc")
    assert [problem[:9] for problem in problems(tmp_path / "photos")] == ["is a link"] * 2


def test_fail__an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "e.zip", {"w-1.jpg": b"x"})
    body = bytearray(path.read_bytes())
    body[6] |= 1
    body[body.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(body)
    assert "without a password" in problems(path)[0]


def test_fail__a_member_that_unpacks_to_more_than_it_says_is_not_unpacked_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_source, "BYTES_MAX", 1000)
    path = packed(tmp_path / "b.zip", {"w-1.jpg": bytes(50_000)})
    assert "too large" in problems(path)[0]
    body = bytearray(path.read_bytes())
    at = body.rindex(b"PK\x01\x02")
    body[at + 24 : at + 28] = (100).to_bytes(4, "little")  # the size it claims
    path.write_bytes(body)
    source = open_source(path)
    assert source.files[0].problem == ""
    with pytest.raises(PhotoError, match=r"damaged in the archive|larger than"):
        source.read(0)


def test_fail__a_cut_or_changed_archive_and_no_archive_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"w-1.jpg": bytes(range(256)) * 40})
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(SourceError, match="neither a folder nor a ZIP"):
        open_source(path)
    path.write_bytes(whole[:60] + b"\xff\xff" + whole[62:])
    with pytest.raises(PhotoError, match="pack the archive again"):
        open_source(path).read(0)
    with pytest.raises(SourceError, match="cannot be read"):
        open_source(tmp_path / "missing")


def test_ok__names_in_gbk_are_readable(tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("____.jpg", b"x")
    raw = body.getvalue().replace(b"____.jpg", "张三".encode("gbk") + b".jpg")
    (tmp_path / "a.zip").write_bytes(raw)
    assert open_source(tmp_path / "a.zip").files[0].name == "张三.jpg"
    assert readable("张三".encode()) == "张三"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "李四.jpg".encode("gbk").decode("utf-8", "surrogateescape")).write_bytes(b"y")
    source = open_source(tmp_path / "photos")
    assert source.files[0].name == "李四.jpg" and source.read(0) == b"y"


def test_fail__a_folder_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_source, "FILES_MAX", 2)
    for number in range(3):
        (tmp_path / f"{number}.jpg").touch()
    with pytest.raises(SourceError, match="a part of them at a time"):
        open_source(tmp_path)


def test_fail__missing_weights_are_said_with_what_to_type(tmp_path: Path) -> None:
    answer = PhotoSession(MatcherConfig()).answer(PhotoRequest(open_models=str(tmp_path / "none")))
    assert "sitegate models fetch" in answer.problem
