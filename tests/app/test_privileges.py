"""What opens the gate has no network, what has the network cannot open the gate: not even loaded."""

import subprocess
import sys

import pytest

NETWORK = {"paho", "uvicorn", "starlette", "httpx"}
GATE = {"cv2", "gpiozero", "onnxruntime", "picamera2"}


@pytest.mark.parametrize(("process", "never"), [("gate", NETWORK), ("sync", GATE), ("screen", GATE | {"paho"})])
def test_ok__a_process_loads_nothing_it_may_not_touch(process: str, never: set[str]) -> None:
    code = f"import sys, edge.app.{process}; from edge.cli import app; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not never & set(loaded)
