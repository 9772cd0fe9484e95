"""Text files as Notepad, PowerShell and WPS save them, wherever people write files for this project."""

import codecs
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.text_files import NotUtf8, read_text, text_of
from contract.signing import BadKey, public_pem, signing_publics
from edge.core.config import ConfigError, load
from edge.system.key_files import secret
from hq import config as hq_config
from hq.keys import encryption

MARK = codecs.BOM_UTF8


@pytest.mark.parametrize(
    "data, what",
    [
        ("a = 1".encode("utf-16"), "is saved as UTF-16: save it as UTF-8"),
        ("a = 1".encode("utf-16-le"), "is saved as UTF-16"),
        ("a = 1\n名 = 2".encode("gbk"), "line 2 has another encoding, GBK perhaps"),
    ],
)
def test_fail__another_encoding_is_named_with_what_to_do(data: bytes, what: str) -> None:
    with pytest.raises(NotUtf8, match=what) as caught:
        text_of(data)
    assert "save it as UTF-8" in str(caught.value)


def test_ok__a_mark_and_windows_line_ends_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(MARK + b"a = 1\r\nb = 2\r\n")
    assert read_text(tmp_path / "a.toml") == "a = 1\nb = 2\n"


def test_ok__configurations_with_a_mark(tmp_path: Path) -> None:
    for name in ("sitegate.toml", "hq.toml"):
        text = '[site]\nsite_id = "site-7"\n' if name == "sitegate.toml" else 'sites = ["site-7"]\n'
        (tmp_path / name).write_bytes(MARK + text.encode())
    assert load(tmp_path / "sitegate.toml").site.site_id == "site-7"
    assert hq_config.load(tmp_path).sites == ("site-7",)


def test_fail__configurations_in_utf_16_say_what_to_do(tmp_path: Path) -> None:
    for name in ("sitegate.toml", "hq.toml"):
        (tmp_path / name).write_text("a = 1", encoding="utf-16")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load(tmp_path / "sitegate.toml")
    with pytest.raises(hq_config.HqConfigError, match="save it as UTF-8"):
        hq_config.load(tmp_path)


def test_ok__keys_and_passwords_with_a_mark(tmp_path: Path) -> None:
    one, other = (MARK + public_pem(Ed25519PrivateKey.generate()) for _ in range(2))
    path = tmp_path / "key"
    path.write_bytes(one.replace(b"\n", b"\r\n") + other)
    assert len(signing_publics(path)) == 2
    path.write_bytes(MARK + encryption.text([encryption.new_key()]))
    assert len(encryption.read_keys(path)) == 1
    path.write_bytes(MARK + b"hunter2\r\n")
    assert secret("", path, "sync.password_path").get_secret_value() == "hunter2"  # type: ignore[arg-type]


def test_fail__a_key_in_utf_16_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(public_pem(Ed25519PrivateKey.generate()).decode(), encoding="utf-16")
    with pytest.raises(BadKey, match="save it as UTF-8"):
        signing_publics(path)
