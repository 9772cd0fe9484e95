"""The kernel's own bad network (`tc netem`) on the loopback of a network namespace. Needs root, iproute2 and the
sch_netem
module: without them it fails and says so. By hand: pytest -m long tests/faults/test_netem.py -s"""

import shutil
import subprocess
import sys

import pytest

WEATHER = "delay 20ms 10ms 25% loss 3% duplicate 3% reorder 20% 50%"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ok__netem_loses_doubles_and_reorders_packets() -> None:
    """The network tests of this folder once more, over such a loopback."""
    for tool in ("unshare", "ip", "tc"):
        assert shutil.which(tool), f"{tool} is not installed: apt install iproute2 util-linux"
    tests = f"{sys.executable} -m pytest -q -p no:cacheprovider tests/sync/test_sync_events.py"
    script = f"ip link set lo up && tc qdisc add dev lo root netem {WEATHER} && exec {tests}"
    done = subprocess.run(
        ["unshare", "--net", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "qdisc kind is unknown" not in done.stderr, f"this kernel has no netem (modprobe sch_netem): {done.stderr}"
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    print(f"netem {WEATHER}: {done.stdout.splitlines()[-1]}")
