"""Read the Linux input device behind a keyboard-wedge reader. python-evdev is imported when it is first opened."""

import select
from collections.abc import Sequence
from typing import Any

from common.libraries import extra, loading
from edge.devices.readers.keyboard import InputEvent

INSTALL = (
    "apt install python3-evdev and a virtual environment with --system-site-packages, or "
    f'{extra("pi")}; or set reader.device = ""'
)


class EvdevSource:
    """Open `device`: a path, or USB "vendor:product" in hexadecimal. See `edge.devices.readers.wedge.KeySource`."""

    def __init__(self, device: str) -> None:
        self.name = f"reader {device}"
        self._wanted = device
        self._device: Any = None

    def open(self) -> None:
        with loading("python-evdev", INSTALL, OSError):
            import evdev
        path = self._wanted if self._wanted.startswith("/") else self._find(evdev)
        try:
            self._device = evdev.InputDevice(path)
            self._device.grab()  # from now on no login prompt and no other program gets the keys
        except OSError as error:
            raise OSError(
                f"{self.name} cannot be taken ({error.strerror or error}): plug it in; the user needs the group "
                "'input'; no other program may have it (list: ls -l /dev/input/by-id)"
            ) from error

    def read(self, timeout_s: float) -> Sequence[InputEvent]:
        ready, _, _ = select.select([self._device.fd], [], [], timeout_s)
        return list(self._device.read()) if ready else []

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()  # which also ends the grab

    def _find(self, evdev: Any) -> str:
        """Find the device with this vendor and product that has an Enter key. A reader may appear as several
        devices."""
        vendor, product = (int(part, 16) for part in self._wanted.split(":"))
        for path in sorted(evdev.list_devices()):
            device = evdev.InputDevice(path)
            try:
                ids = device.info.vendor, device.info.product
                keys = device.capabilities().get(evdev.ecodes.EV_KEY, [])
            finally:
                device.close()
            if ids == (vendor, product) and evdev.ecodes.KEY_ENTER in keys:
                return str(path)
        raise OSError(
            f"{self.name} is not plugged in, or is no keyboard: check the cable and reader.device (list: lsusb)"
        )
