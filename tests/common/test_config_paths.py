"""Paths and addresses in configuration files: what is easily misread is refused before it is tried."""

from pathlib import Path

import pytest

from common.config_paths import path_problem
from edge.core.config import ConfigError, parse
from edge.core.rtsp_address import url_problem
from hq import config as hq_config
from hq.config import HqConfigError

FILE = Path("/etc/sitegate/sitegate.toml")


@pytest.mark.parametrize(
    "wrong", ["~/sitegate", "~", "~anna/x", "~nobody-at-all/x", "$HOME/x", "${STATE}/x", "/var/$X"]
)
def test_fail__what_no_shell_replaces_is_no_path(wrong: str) -> None:
    assert "write the whole path" in (path_problem(wrong) or "")


@pytest.mark.parametrize("fine", ["/var/lib/sitegate", "state", "../x", "a~b", "/a/~", "/price$", "/a/$", "张三"])
def test_ok__other_paths_are_left_alone(fine: str) -> None:
    assert path_problem(fine) is None


def test_fail__every_path_setting_of_a_gate_is_looked_at_and_all_are_told() -> None:
    settings = {
        "paths": {"state_dir": "~/state", "models_dir": "$HOME/models"},
        "keys": {"site_private_path": "~/site.key"},
        "camera": {"source": "folder", "path": "~/photos", "width_px": 1},
        "reader": {"device": "/dev/$READER"},
        "matcher": {"pack": "insightface:~/pack"},
    }
    with pytest.raises(ConfigError) as told:
        parse(settings, FILE)
    named = [problem.split(":")[0] for problem in told.value.problems]
    assert named[:6] == [
        "paths.state_dir", "paths.models_dir", "keys.site_private_path", "camera.path", "reader.device", "matcher.pack",
    ]  # fmt: skip
    assert any(name.startswith("camera.width_px") for name in named)
    assert str(Path.home() / "state") in str(told.value)


def test_ok__relative_paths_are_meant_from_the_file() -> None:
    assert parse({"paths": {"state_dir": "state"}}, FILE).paths.state_dir == FILE.parent.resolve() / "state"


@pytest.mark.parametrize("line", ['database_url = "sqlite:///~/hq.db"', '[broker]\nca_path = "$HOME/ca.pem"'])
def test_fail__every_path_setting_of_hq_too(line: str, tmp_path: Path) -> None:
    (tmp_path / "hq.toml").write_text(f'sites = ["s"]\n{line}\n')
    with pytest.raises(HqConfigError, match="write the whole path"):
        hq_config.load(tmp_path)


def test_ok__hqs_ca_is_meant_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    (tmp_path / "hq.toml").write_text('sites = ["s"]\n[broker]\nca_path = "ca.pem"\n')
    assert hq_config.load(tmp_path).broker.ca_path == tmp_path / "ca.pem"


PASSWORDS = [
    ("p@ss/w", "/ as %2F"),
    ("p#w", "# as %23"),
    ("p@w", "@ as %40"),
    ("p?w", "? as %3F"),
    ("12/4", "/ as %2F"),
]
PASSWORDS += [
    ("p%w", "% as %25"),
    ("p w", "a space as %20"),
    ("@", "@ as %40"),
    ("/", "/ as %2F"),
    ("x#@/y", "# as %23"),
]


@pytest.mark.parametrize(("password", "write"), PASSWORDS)
@pytest.mark.parametrize("rest", ["127.0.0.1:8555/ch1", "cam-3/live", "10.0.0.3", "[fe80::1]:554/a/b?x=1"])
def test_fail__a_password_that_ends_the_address_early_is_told_and_not_shown(
    password: str, write: str, rest: str
) -> None:
    problem = url_problem(f"rtsp://admin:{password}@{rest}")
    assert problem is not None and write in problem
    with pytest.raises(ConfigError) as told:
        parse({"camera": {"source": "rtsp", "url": f"rtsp://admin:{password}@{rest}"}}, FILE)
    assert write in str(told.value) and "admin" not in str(told.value) and "ch1" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://10.0.0.3/ch1", "rtsps://admin:secret@10.0.0.3:322/ch1", "rtsp://a:b%40c%2F%23@h/1", "rtsp://[::1]:8554/x",
        "rtsp://u:p:q@h/1", "rtsp://h:554/live@main", "rtsp://h/cam?user=a@b.c&x=1", "rtsp://cam/user=a&password=&channel=1",
        "rtsp://a:密码@h/1", "RTSP://h", "rtsp://admin@h/1",
    ],
)  # fmt: skip
def test_ok__addresses_that_are_read_as_meant(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize("url", ["http://h/1", "10.0.0.3/ch1", "rtsp://", "rtsp://a:b@/x"])
def test_fail__no_address(url: str) -> None:
    assert "rtsp://user:password@address/path" in (url_problem(url) or "")
