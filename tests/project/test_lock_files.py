"""requirements/ holds exact versions with hashes, and is out of date as soon as setup.cfg wants something else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "lockfile.py"), "check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "lockfile.py", tmp_path / "scripts")
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_ok__the_lock_files_fit_setup_cfg() -> None:
    done = check(ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_ok__each_package_has_one_version_and_a_hash(path: Path) -> None:
    blocks = re.split(r"\n(?=[a-z])", path.read_text(encoding="utf-8"))[1:]
    names = []
    for block in blocks:
        pin = re.fullmatch(r"([a-z0-9._-]+)(\[\w+\])?==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+\n?", block)
        assert pin, block
        names.append(pin[1])
    assert names and len(names) == len(set(names))
    assert not {"pip", "opencv-python"} & set(names)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("    cryptography>=48", "    cryptography>=999", "requirements/gate.txt has cryptography"),
        ("    smbus2>=0.5", "    smbus2>=0.5\n    another-library", "has another-library nowhere"),
        ("    alembic>=1.13\n", "", "requirements/hq.txt was made from another setup.cfg"),
    ],
)
def test_fail__another_requirement(was: str, becomes: str, said: str, copy: Path) -> None:
    assert check(copy).returncode == 0
    text = (copy / "setup.cfg").read_text(encoding="utf-8")
    assert was in text
    (copy / "setup.cfg").write_text(text.replace(was, becomes), encoding="utf-8")
    done = check(copy)
    assert done.returncode == 1
    assert said in done.stderr and done.stderr.endswith("run scripts/lock\n")


def test_fail__a_lock_file_that_is_not_there_and_one_that_nothing_makes(copy: Path) -> None:
    (copy / "requirements" / "gate.txt").rename(copy / "requirements" / "old.txt")
    done = check(copy)
    assert "requirements/gate.txt is not there" in done.stderr
    assert "requirements/old.txt is made by nothing" in done.stderr
