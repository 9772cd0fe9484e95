"""What this computer reports about itself."""

import platform

import psutil


def cpu_temperature_c() -> float | None:
    """Return the hottest sensor's temperature in °C, or None."""
    found = [s.current for group in psutil.sensors_temperatures().values() for s in group]
    return max(found, default=None)


def memory_mb() -> float:
    """Return the resident memory of this process in MB (10^6 bytes)."""
    return float(psutil.Process().memory_info().rss / 1e6)


def system() -> str:
    """Return operating system, kernel and machine, for example "Linux 6.12.25 aarch64"."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
