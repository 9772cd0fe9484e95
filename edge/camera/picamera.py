"""The Raspberry Pi's camera module. picamera2 is imported when a camera is opened, never before: few machines have it."""

from typing import Any

import numpy as np

from edge.camera.source import CameraFault
from edge.domain import Image


class Picamera2Source:
    """The Raspberry Pi's camera module through picamera2, which is imported when first opened."""

    rate_hz: float | None = None

    def __init__(self, device: str, width: int, height: int, ask_hz: float, read_timeout_s: float) -> None:
        self.name = f"Pi camera {device}"
        self._device, self._size, self._ask_hz, self._timeout_s = device, (width, height), ask_hz, read_timeout_s
        self._camera: Any = None

    def open(self) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraFault(
                f"picamera2 is not there ({error}): apt install python3-picamera2 and a virtual environment with "
                "--system-site-packages, or pip install 'sitegate[pi]'; or set camera.source"
            ) from error
        found = len(Picamera2.global_camera_info())
        if not self._device.isdecimal() or int(self._device) >= found:
            raise CameraFault(
                f"no Pi camera {self._device} ({found} found): check the ribbon cable and camera.device (list: rpicam-hello --list-cameras)"
            )
        self._camera = Picamera2(int(self._device))
        # "RGB888" names the bits from the high end: in memory it is B, G, R, as OpenCV wants it.
        main = {"size": self._size, "format": "RGB888"}
        self._camera.configure(self._camera.create_video_configuration(main=main, controls={"FrameRate": self._ask_hz}))
        self._camera.start()

    def read(self) -> Image | None:
        return np.asarray(self._camera.capture_array("main", wait=self._timeout_s), np.uint8)

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
