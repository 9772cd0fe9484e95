"""Libraries that only some gates have: missing, broken, or built for another numpy."""

import subprocess
import sys
from pathlib import Path

import pytest

from common.libraries import loading
from edge.camera import CameraFault, Picamera2Source
from edge.core.ports import GateError

NUMPY = "numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88 from PyObject"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(NUMPY), "pip install --ignore-installed --no-deps simplejpeg"),
        (
            RuntimeError("module compiled against ABI version 0x1000009 but this version of numpy is 0x2000000"),
            "--no-deps simplejpeg",
        ),
        (ImportError("numpy.core.multiarray failed to import"), "pip install --ignore-installed --no-deps simplejpeg"),
        (ModuleNotFoundError("No module named 'x'"), "x is not there (No module named 'x'): apt install x"),
        (ImportError("libx.so.2: cannot open shared object file"), "x cannot be loaded (ImportError, libx.so.2"),
        (OSError("bad ELF"), "x cannot be loaded (OSError, bad ELF): install it again: apt install x"),
        (SystemError("initialization failed"), "install it again"),
        (RuntimeError(""), "x cannot be loaded (RuntimeError, RuntimeError)"),
    ],
)
def test_fail__whatever_an_import_raises_is_told_with_what_to_do(error: Exception, said: str) -> None:
    with pytest.raises(GateError) as told, loading("x", "apt install x", GateError, rebuilt="simplejpeg"):
        raise error
    assert said in str(told.value)


def test_fail__picamera2_built_for_another_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picamera2").mkdir()
    (tmp_path / "picamera2" / "__init__.py").write_text(f"raise ValueError({NUMPY!r})")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CameraFault, match="--ignore-installed --no-deps simplejpeg"):
        Picamera2Source("0", 640, 480, 30, 1).open()


OPTIONAL = {
    "evdev": "from edge.devices.readers.evdev_source import EvdevSource as S; S('08ff:0009').open()",
    "smbus2": "from edge.devices.thermometer import open_bus as S; S(1)",
    "insightface": "from edge.matcher.engine.insightface_engine import _classes as S; S()",
    "osdp": "from edge.devices.gate.osdp import _open as S; from edge.core.config import GateConfig; S(GateConfig(output='osdp'), [])",
    "lgpio": "from edge.devices.gate.pins import lgpio_factory as S; S()",
}


@pytest.mark.parametrize("name", OPTIONAL)
def test_fail__every_optional_library_that_raises_something_else_at_import(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemError('initialization of x failed')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {OPTIONAL[name]}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (
        "cannot be loaded (SystemError, initialization of x failed): install it again" in done.stderr.splitlines()[-1]
    )
