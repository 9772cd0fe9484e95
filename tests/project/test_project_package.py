"""What is installed is what is here. An editable install would hide a forgotten folder or file until a gate is
installed."""

import configparser
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {name: name for name in ("common", "contract", "district", "edge", "hq")} | {"sitegate_models": "models"}
"""Top package -> folder."""


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _folder(package: str) -> Path:
    top, _, rest = package.partition(".")
    return ROOT / PACKAGES[top] / rest.replace(".", "/")


def test_ok__every_package_is_installed() -> None:
    listed = set(_setup()["options"]["packages"].split())
    found = set()
    for top, folder in PACKAGES.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join((top, *init.parent.relative_to(ROOT / folder).parts)))
    assert listed == found


def test_ok__every_data_file_is_installed() -> None:
    setup = _setup()
    data = setup["options.package_data"]
    shipped = set()
    for package in setup["options"]["packages"].split():
        folder = _folder(package)
        shipped |= set(folder.glob("*.py"))
        for pattern in data.get(package, "").replace(",", " ").split():
            shipped |= set(folder.glob(pattern))
    wanted = {
        path
        for folder in PACKAGES.values()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".md", ".onnx")
    }
    assert sorted(str(path.relative_to(ROOT)) for path in wanted - shipped) == []
