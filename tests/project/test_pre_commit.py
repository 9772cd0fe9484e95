"""The hook that `scripts/setup test` gives to git: what it refuses, and whose hooks it leaves alone. In clones of our
own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BAD_RULE, BAD_FORM, GOOD = "import os\n", "x=1\n", "x = 1\n"


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    # A test may itself run within a hook, which tells git of another repository.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *settings, *words], cwd=folder, env=own, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with our scripts and settings, and an environment in which nothing is left to install."""
    folder = tmp_path / "checkout"
    (folder / "requirements").mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "requirements/test.txt", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "bin" / "ruff").symlink_to(Path(sys.executable).with_name("ruff"))
    (venv / "bin" / "python3").unlink(missing_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    assert git(folder, "commit", "-qm", "Begin").returncode == 0
    return folder


def install_hook(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `scripts/setup test` does of it: the rest of the script would ask the package index."""
    text = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    start = text.index("install_hook() {")
    function = text[start : text.index("\n}\n", start) + 3]
    script = f'set -euo pipefail; say() {{ echo "$*" >&2; }}\n{function}\ninstall_hook'
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def stage(folder: Path, text: str, name: str = "a.py") -> None:
    (folder / name).write_text(text, encoding="utf-8")
    assert git(folder, "add", name).returncode == 0


def test_ok__setup_installs_it_for_the_tests_only_and_not_in_continuous_integration() -> None:
    text = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    assert "[[ $set != test || ${CI:-} ]] || install_hook" in text


def test_ok__a_clean_commit_passes_also_in_a_worktree_and_twice_installed(checkout: Path, tmp_path: Path) -> None:
    assert install_hook(checkout).returncode == 0
    assert install_hook(checkout).stderr == ""
    stage(checkout, GOOD)
    done = git(checkout, "commit", "-qm", "Add a")
    assert done.returncode == 0, done.stderr
    other = tmp_path / "other"
    assert git(checkout, "worktree", "add", "-q", str(other)).returncode == 0
    (other / ".venv").symlink_to(checkout / ".venv")
    stage(other, BAD_RULE)
    assert git(other, "commit", "-qm", "Break a").returncode == 1
    assert install_hook(other).stderr == ""


@pytest.mark.parametrize(("text", "said"), [(BAD_RULE, "F401"), (BAD_FORM, "File would be reformatted")])
def test_fail__what_the_checks_would_refuse(text: str, said: str, checkout: Path) -> None:
    install_hook(checkout)
    stage(checkout, text)
    done = git(checkout, "commit", "-qm", "Add a")
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Not committed" in done.stderr


def test_ok__what_is_staged_counts_not_what_lies_there(checkout: Path) -> None:
    install_hook(checkout)
    stage(checkout, GOOD)
    (checkout / "a.py").write_text(BAD_RULE, encoding="utf-8")
    assert git(checkout, "commit", "-qm", "Add a").returncode == 0
    stage(checkout, BAD_RULE)
    (checkout / "a.py").write_text(GOOD, encoding="utf-8")
    done = git(checkout, "commit", "-qm", "Break a")
    assert done.returncode == 1 and "F401" in done.stdout + done.stderr


def test_ok__no_environment_no_check(checkout: Path) -> None:
    install_hook(checkout)
    (checkout / ".venv" / "bin" / "ruff").unlink()
    stage(checkout, BAD_RULE)
    done = git(checkout, "commit", "-qm", "Add a")
    assert done.returncode == 0
    assert "scripts/setup test" in done.stderr


def test_ok__a_hook_of_somebody_else_stays(checkout: Path) -> None:
    hook = checkout / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    done = install_hook(checkout)
    assert done.returncode == 0 and "scripts/pre-commit" in done.stderr
    assert hook.read_text(encoding="utf-8") == "#!/bin/sh\nexit 0\n"


def test_ok__hooks_that_git_looks_for_elsewhere_stay(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "config", "core.hooksPath", str(tmp_path / "hooks"))
    assert "scripts/pre-commit" in install_hook(checkout).stderr
    assert not (tmp_path / "hooks").exists()
    assert not (checkout / ".git" / "hooks" / "pre-commit").exists()


def test_ok__an_exported_archive_has_no_hook_also_within_another_repository(checkout: Path) -> None:
    inner = checkout / "vendor" / "sitegate"
    shutil.copytree(checkout / "scripts", inner / "scripts")
    done = install_hook(inner)
    assert done.returncode == 0 and done.stderr == ""
    assert not (checkout / ".git" / "hooks" / "pre-commit").exists()
