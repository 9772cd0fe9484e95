"""The lock files in requirements/: exact versions with hashes, made by uv from setup.cfg.

lockfile.py make UV [--upgrade]   resolve again; versions that still fit stay, unless --upgrade is given
lockfile.py check                 say what is out of date; asks no network
"""

import configparser
import hashlib
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
SETS: dict[str, tuple[str, ...]] = {
    "build": ("build",),
    "gate": (),
    "simplejpeg": ("simplejpeg",),
    "gpio": ("gpio",),
    "hq": ("hq", "postgres"),
    "district": ("district", "postgres"),
    "demo": ("demo",),
    "test": ("test", "insightface"),
    "peers": ("peers",),
}
"""Lock file -> extras it holds beside the plain install."""
ALONE = ("build", "simplejpeg", "gpio")
"""These hold only what their extra names itself."""
BUILD = "setuptools>=70.1"
"""Builds this package and the few that have no wheel; from this version on it needs no other package for that."""
LEFT_OUT = ("pip", "opencv-python")
"""pip belongs to the environment. insightface asks for opencv-python, which would lie over the headless build."""
PYTHONS, MACHINES, GLIBC = ((3, 11), (3, 12), (3, 13)), ("x86_64", "aarch64"), 36
"""What every package must have a wheel for; the C library's minor version is Debian 12's."""
WITHOUT_WHEEL = {
    "sdnotify": "one pure Python file, published as source only",
    "lgpio": "no wheel for Python 3.13; a Raspberry Pi has it from Debian",
}
DIGEST = "# setup.cfg sha256:"


def requirements() -> dict[str, list[str]]:
    """Extra -> its requirements, as setup.cfg has them; "" is the plain install."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    sections = {"": parser["options"]["install_requires"], **parser["options.extras_require"]}
    every = {name: [line for line in text.splitlines() if line] for name, text in sections.items()}
    # No extras of setup.cfg: the installer wants these by themselves.
    return {**every, "build": [BUILD], "simplejpeg": [one for one in every[""] if one.startswith("simplejpeg")]}


def digest() -> str:
    return hashlib.sha256(json.dumps(requirements(), sort_keys=True).encode()).hexdigest()


def wanted(name: str) -> list[Requirement]:
    """What the lock file `name` must hold at least; extras of extras are followed."""
    every, found = requirements(), []
    extras = list(SETS[name]) if name in ALONE else ["", *SETS[name]]
    for extra in extras:  # grows while it is read
        for line in every[extra]:
            one = Requirement(line)
            if one.name == "sitegate":
                extras += sorted(one.extras - set(extras))
            else:
                found.append(one)
    return found


def pins(name: str) -> dict[str, str]:
    """Package -> version in the lock file `name`; nothing if there is none."""
    path = FOLDER / f"{name}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = (line.split(" ")[0].partition("==") for line in lines if "==" in line and not line.startswith(("#", " ")))
    return {canonicalize_name(package.partition("[")[0]): version for package, _, version in found}


def problems() -> Iterator[str]:
    """What is out of date, one sentence each."""
    for name in SETS:
        path = FOLDER / f"{name}.txt"
        if not path.exists():
            yield f"requirements/{name}.txt is not there"
            continue
        if f"{DIGEST}{digest()}\n" not in path.read_text(encoding="utf-8"):
            yield f"requirements/{name}.txt was made from another setup.cfg"
        held = pins(name)
        for one in wanted(name):
            version = held.get(canonicalize_name(one.name))
            if version is None or not one.specifier.contains(version):
                yield f"requirements/{name}.txt has {one.name} {version or 'nowhere'}, setup.cfg wants {one}"
    for path in FOLDER.glob("*.txt"):
        if path.stem not in SETS:
            yield f"requirements/{path.name} is made by nothing"


def make(uv: str, *, upgrade: bool) -> None:
    """Resolve everything once, and write each set. Raises SystemExit if a package lacks a wheel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(_project(upgrade), encoding="utf-8")
        here = [uv, "--quiet", "--directory", str(folder)]
        subprocess.run([*here, "lock", "--python", sys.executable], check=True)
        missing = list(_without_wheel(tomllib.loads((folder / "uv.lock").read_text(encoding="utf-8"))["package"]))
        if missing:
            raise SystemExit("no wheel, and not in WITHOUT_WHEEL:\n  " + "\n  ".join(missing))
        texts = {name: _exported(here, extras) for name, extras in SETS.items()}
    for name, entries in texts.items():
        own = {canonicalize_name(one.name) for one in wanted(name)}
        _write(name, {package: text for package, text in entries.items() if name not in ALONE or package in own})


def _project(upgrade: bool) -> str:
    """A project for uv: our requirements, for the machines and versions of Python that a gate may have."""
    every = requirements()
    linux = "sys_platform == 'linux' and implementation_name == 'cpython'"
    machines = [f"{linux} and platform_machine == '{machine}'" for machine in MACHINES]
    kept: dict[str, str] = {} if upgrade else {p: v for name in SETS for p, v in pins(name).items()}
    for one in (Requirement(line) for lines in every.values() for line in lines):
        if one.name != "sitegate" and not one.specifier.contains(kept.get(canonicalize_name(one.name), "0")):
            kept.pop(canonicalize_name(one.name), None)
    extras = {name: lines for name, lines in every.items() if name not in ("", "pi")}
    lines = [
        "[project]", 'name = "sitegate"', 'version = "0"', 'requires-python = ">=3.11"',
        f"dependencies = {json.dumps(every[''])}",
        "[project.optional-dependencies]", *(f"{name} = {json.dumps(value)}" for name, value in extras.items()),
        "[tool.uv]", "package = false", 'fork-strategy = "fewest"',
        f"environments = {json.dumps(machines)}", f"required-environments = {json.dumps(machines)}",
        f"""override-dependencies = {json.dumps([f"{name}; sys_platform == 'never'" for name in LEFT_OUT])}""",
        f"constraint-dependencies = {json.dumps([f'{p}=={v}' for p, v in sorted(kept.items())])}",
    ]  # fmt: skip
    return "\n".join(lines)


def _without_wheel(packages: list[dict[str, Any]]) -> Iterator[str]:
    """The packages of uv.lock that some machine or version of Python would have to build."""
    for package in packages:
        offered = {
            tag for wheel in package.get("wheels", []) for tag in parse_wheel_filename(Path(wheel["url"]).name)[3]
        }
        if package["name"] in ("sitegate", *WITHOUT_WHEEL):
            continue
        for python in PYTHONS:
            for machine in MACHINES:
                platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 4, -1)]
                platforms += [f"manylinux2014_{machine}", f"manylinux1_{machine}", f"linux_{machine}"]
                taken = {*cpython_tags(python, platforms=platforms), *compatible_tags(python, platforms=platforms)}
                if offered.isdisjoint(taken):
                    yield f"{package['name']} {package['version']}: Python {python[0]}.{python[1]}, {machine}"


def _exported(uv: list[str], extras: tuple[str, ...]) -> dict[str, str]:
    """Package -> its lines in a requirements file."""
    command = [*uv, "export", "--frozen", "--no-emit-project", "--no-annotate", "--no-header"]
    command += [f"--extra={extra}" for extra in extras]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    entries: dict[str, str] = {}
    for block in said.replace("\n    --hash", "\0").rstrip("\n").split("\n"):
        head, *hashes = block.split("\0")
        pin, _, marker = head.rstrip(" \\").partition(" ; ")
        entry = pin if not marker or _always(marker) else f"{pin} ; {marker}"
        lines = [entry, *("    --hash" + one.rstrip(" \\") for one in hashes)]
        entries[canonicalize_name(pin.partition("==")[0].partition("[")[0])] = " \\\n".join(lines)
    return entries


def _always(marker: str) -> bool:
    """Whether the condition holds on every machine that the lock is for."""
    linux = {"sys_platform": "linux", "os_name": "posix", "implementation_name": "cpython"}
    linux["platform_python_implementation"] = "CPython"
    return all(
        Marker(marker).evaluate({**linux, "platform_machine": machine, "python_full_version": f"{a}.{b}.0"})
        for machine in MACHINES
        for a, b in PYTHONS
    )


def _write(name: str, entries: dict[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    head = f"# Made by scripts/lock; do not edit. For Linux on {' and '.join(MACHINES)}.\n{DIGEST}{digest()}\n"
    (FOLDER / f"{name}.txt").write_text(head + "\n".join(entries.values()) + "\n", encoding="utf-8")


def main() -> None:
    match sys.argv[1:]:
        case ["make", uv]:
            make(uv, upgrade=False)
        case ["make", uv, "--upgrade"]:
            make(uv, upgrade=True)
        case ["check"]:
            found = list(problems())
            if found:
                raise SystemExit("\n".join([*found, "run scripts/lock"]))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
