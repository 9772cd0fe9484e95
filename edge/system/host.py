"""What this computer says of itself."""

import platform

import psutil


def cpu_temperature_c() -> float | None:
    """The hottest sensor, °C; None where there is none."""
    found = [s.current for group in psutil.sensors_temperatures().values() for s in group]
    return max(found, default=None)


def memory_mb() -> float:
    """Resident memory of this process, MB (10^6 bytes)."""
    return float(psutil.Process().memory_info().rss / 1e6)


def system() -> str:
    """Operating system, kernel and machine, for example "Linux 6.12.25 aarch64"."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
