"""Gate, sync and screen as three users with the permissions of an installed gate; and commands as one of them.

The users exist only in the mount namespace of each process (its own /etc/passwd), and so does the way to an interpreter
that lies in root's home: nothing is changed on the machine that runs the tests. Needs root.
"""

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from edge.app.memory_folder import memory_files
from edge.app.state_folders import JOURNAL
from edge.core.config import Config, PathsConfig
from edge.tools.demo.cast import Portrait, walk_up_script
from edge.tools.demo.gate_file import FILM_HZ, SITE, gate_toml
from edge.tools.demo.stage import DemoStage

ROOT = Path(__file__).parents[2]
GROUP, DESK = 64100, 64104
UIDS = {"gate": 64101, "sync": 64102, "screen": 64103}
GROUPS = {"gate": str(DESK), "sync": "", "screen": str(DESK)}
"""As systemd/sitegate.sysusers and the units have it."""
OWN = {"gate": "gate", "sync": "sync", "screen": "desk"}
"""The folder below the state folder that each may write."""


def share(folder: Path) -> tuple[list[Path], list[Path]]:
    """What a process needs of this interpreter, and the folders on the way there that only root may pass."""
    needed = sorted({Path(sys.base_prefix), Path(sys.prefix), ROOT, folder})
    closed = {
        next((above for above in reversed(path.parents) if not above.stat().st_mode & 0o001), None) for path in needed
    }
    return needed, sorted(path for path in closed if path is not None)


class Users:
    """How to run something as one of them. `folder`: for what they need, readable by all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name, extra in (("passwd", self._passwd()), ("group", self._group())):
            (folder / name).write_text(Path("/etc", name).read_text() + extra)
        self._enter = self._script()

    def command(self, user: str, *program: str) -> list[str]:
        """A program as this user, without any privilege, in a mount namespace of its own."""
        groups = ["--groups", GROUPS[user]] if GROUPS[user] else ["--clear-groups"]
        become = [
            "setpriv",
            f"--reuid={UIDS[user]}",
            f"--regid={GROUP}",
            *groups,
            "--no-new-privs",
            "--bounding-set=-all",
        ]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-euc", self._enter, "enter", *become, *program]

    def run(self, user: str, code: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Python code as this user, to its end."""
        program = self.command(user, sys.executable, "-c", code, *arguments)
        return subprocess.run(program, capture_output=True, text=True, timeout=timeout, cwd="/", check=False)

    def _script(self) -> str:
        lines = [f"mount --bind {shlex.quote(str(self._folder / name))} /etc/{name}" for name in ("passwd", "group")]
        needed, closed = share(self._folder)
        for shut in closed:
            inside = [path for path in needed if path.is_relative_to(shut)]
            holds = [self._folder / "hold" / str(needed.index(path)) for path in inside]
            for path, hold in zip(inside, holds, strict=True):
                hold.mkdir(parents=True, exist_ok=True)
                lines.append(f"mount --bind {shlex.quote(str(path))} {shlex.quote(str(hold))}")
            lines.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(shut))}")
            for path, hold in zip(inside, holds, strict=True):
                lines.append(f"mkdir -p {shlex.quote(str(path))}")
                lines.append(f"mount --bind {shlex.quote(str(hold))} {shlex.quote(str(path))}")
        return "\n".join([*lines, 'exec "$@"'])

    @staticmethod
    def _passwd() -> str:
        return "".join(f"sitegate-{name}:x:{uid}:{GROUP}::/nonexistent:/bin/false\n" for name, uid in UIDS.items())

    @staticmethod
    def _group() -> str:
        return f"sitegate:x:{GROUP}:\nsitegate-desk:x:{DESK}:sitegate-gate\n"


def install(root: Path) -> None:
    """Folders, owners and modes as in systemd/sitegate.tmpfiles."""
    state, keys = root / "state", root / "keys"
    for path, mode, uid, gid in (
        (state, 0o2750, 0, GROUP),
        (state / "gate", 0o2750, UIDS["gate"], GROUP),
        (state / "sync", 0o2750, UIDS["sync"], GROUP),
        (state / "desk", 0o2750, UIDS["screen"], DESK),
        (state / "models", 0o755, 0, 0),
        (state / "voice", 0o755, 0, 0),
        (keys, 0o750, 0, GROUP),
    ):
        path.mkdir(exist_ok=True)
        os.chown(path, uid, gid)
        path.chmod(mode)


class ThreeUsers(DemoStage):
    """The demonstration's stage, its gate as three processes of three users."""

    def __init__(self, models_dir: Path, photos_dir: Path, extra: str = "") -> None:
        base = Path(tempfile.mkdtemp(prefix="sitegate-attack-", dir="/tmp"))
        base.chmod(0o755)
        super().__init__(base / "stage", models_dir, repeat=True)
        self.base, self._extra = base, extra
        install(self.root)
        shutil.copytree(models_dir, self.root / "state" / "models", dirs_exist_ok=True)
        self.photos_dir = Path(shutil.copytree(photos_dir, base / "photos"))
        self._models_dir = self.root / "state" / "models"
        self.users = Users(base)

    @property
    def state(self) -> Path:
        return self.root / "state"

    def start_gate(self, cast: Mapping[str, Portrait]) -> None:
        (self.root / "walk-ups.toml").write_text(walk_up_script(cast, self.go, FILM_HZ, tail_s=3.0), encoding="utf-8")
        self._share_keys()
        self.config_path.write_text(self._gate_toml(), encoding="utf-8")
        os.chown(self.config_path, 0, GROUP)
        self.config_path.chmod(0o640)
        self.register()
        for name in UIDS:
            self.start(name)

    def start(self, name: str) -> None:
        """One of the three processes, as its unit starts it."""
        program = [sys.executable, "-m", "edge", name, "--config", str(self.config_path), "--log-json"]
        self._start(name, self.users.command(name, *program))

    def kill(self, name: str) -> None:
        """As a crash, or `kill -9`."""
        if name not in self._lasting:
            return
        self._lasting.discard(name)
        self._processes[name].kill()
        self._processes[name].wait()

    def attack(self, user: str, code: str) -> subprocess.CompletedProcess[str]:
        """Python code as a taken-over process of this user; `state` is the state folder."""
        return self.users.run(user, self.head() + code)

    def head(self) -> str:
        """The first line of an attack."""
        return f"import os, sqlite3, fcntl; from pathlib import Path; state = Path({str(self.state)!r}); root = state.parent\n"

    def picture(self) -> bytes:
        """The next picture for the lane's display; b"" while nobody approaches."""
        try:
            with urlopen(f"http://127.0.0.1:{self.screen_port}/lane/preview", timeout=10) as answer:
                return bytes(answer.read())
        except URLError:  # the screen still starts
            return b""

    def running(self) -> set[str]:
        """Of the stage's processes those that have not ended."""
        return {name for name in self._lasting if self._processes[name].poll() is None}

    @contextmanager
    def journal(self) -> Iterator[sqlite3.Connection]:
        """The gate's journal, to look at."""
        with closing(sqlite3.connect(f"{(self.state / JOURNAL).as_uri()}?mode=ro", uri=True)) as db:
            yield db

    def close(self) -> None:
        for name in UIDS:
            self.stop(name)
        super().close()
        memory = memory_files(Config(paths=PathsConfig(state_dir=self.state)), "any")[-1].parent
        shutil.rmtree(memory, ignore_errors=True)  # an attack may have left something there
        shutil.rmtree(self.base, ignore_errors=True)

    def config(self) -> Config:
        return super().config()

    def _share_keys(self) -> None:
        keys = self.hq_dir / "keys"
        for source, owner, mode in (
            (keys / "hq-signing.pub.pem", 0, 0o644),
            (keys / "hq-sealing.pub.pem", 0, 0o644),
            (keys / "sites" / f"{SITE}.key.pem", UIDS["gate"], 0o400),
            (keys / "sites" / f"{SITE}.screen.key.pem", UIDS["screen"], 0o400),
        ):
            target = self.root / "keys" / source.name
            target.unlink(missing_ok=True)
            shutil.copy(source, target)
            os.chown(target, owner, GROUP)
            target.chmod(mode)

    def _gate_toml(self) -> str:
        keys = self.hq_dir / "keys"
        text = gate_toml(keys, self._models_dir, self.broker_port, self.screen_port, repeat=True)
        text = text.replace(str(keys / "sites"), str(self.root / "keys")).replace(str(keys), str(self.root / "keys"))
        return text + self._extra
