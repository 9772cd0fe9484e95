"""scripts/sbom describes an environment: every package with its version and licence. Here the environment of the
tests."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sbom")
    command = [str(ROOT / "scripts" / "sbom"), "made/here", sys.executable]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out / "made" / "here"


def test_ok__the_bill_of_materials_names_each_package_with_its_version(folder: Path) -> None:
    bill = json.loads((folder / "sitegate.cdx.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    found = {part["name"].lower(): part["version"] for part in bill["components"]}
    for name in ("sitegate", "numpy", "onnxruntime", "cryptography"):
        assert found[name] == version(name)
    by_name = {part["name"]: part for part in bill["components"]}
    assert by_name["sitegate"]["licenses"] == [{"license": {"acknowledgement": "declared", "id": "Apache-2.0"}}]


def test_ok__the_licence_of_each_package_of_a_gate_is_known(folder: Path) -> None:
    texts = {one["Name"]: one for one in json.loads((folder / "licence-texts.json").read_text(encoding="utf-8"))}
    known = {canonicalize_name(name) for name, one in texts.items() if one["License"] != "UNKNOWN"}
    lock = (ROOT / "requirements" / "gate.txt").read_text(encoding="utf-8")
    on_a_gate = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    # pip-licenses leaves out the tools of packaging, unless asked for them.
    assert on_a_gate - known <= {"setuptools"}
    assert "Copyright" in texts["numpy"]["LicenseText"]
    assert "| numpy " in (folder / "licences.md").read_text(encoding="utf-8")


def test_fail__no_folder_is_named() -> None:
    done = subprocess.run([str(ROOT / "scripts" / "sbom")], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "scripts/sbom --help" in done.stderr
