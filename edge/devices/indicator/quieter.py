"""Make quieter copies of spoken sentences: `aplay` has no volume of its own."""

import tempfile
import wave
from pathlib import Path

import numpy as np

_DEPTHS = {2: np.int16, 4: np.int32}
"""Bytes of a sample to its type. Recordings have 16 bits as a rule."""


class QuieterClips:
    """Keeps a copy of each clip for each volume, in a folder in memory where there is one."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def of(self, clip: Path, percent: int) -> Path:
        """Return the clip with its samples multiplied by `percent` / 100: half is 6 dB less.

        Raises OSError, ValueError or wave.Error if it cannot be made.
        """
        status = clip.stat()
        name = f"{clip.parent.name}-{clip.stem}-{percent}-{status.st_mtime_ns}-{status.st_size}.wav"
        if self._folder is None:
            memory = Path("/dev/shm")
            self._folder = tempfile.TemporaryDirectory(
                prefix="sitegate-voice-", dir=memory if memory.is_dir() else None
            )
        made = Path(self._folder.name) / name
        if not made.exists():
            _write(clip, made, percent)
        return made

    def close(self) -> None:
        """Remove the copies. May be called twice."""
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()


def _write(clip: Path, made: Path, percent: int) -> None:
    with wave.open(str(clip), "rb") as source:
        form, samples = source.getparams(), source.readframes(source.getnframes())
    depth = _DEPTHS.get(form.sampwidth)
    if depth is None:
        raise ValueError(f"samples of {form.sampwidth} bytes: record with 16 bits")
    quieter = (np.frombuffer(samples, np.dtype(depth).newbyteorder("<")) * (percent / 100)).astype(depth)
    unready = made.with_suffix(".part")
    with wave.open(str(unready), "wb") as target:
        target.setparams(form)
        target.writeframes(quieter.astype(np.dtype(depth).newbyteorder("<")).tobytes())
    unready.rename(made)
