"""Play spoken sentences: prepared WAV files, played by `aplay`. The newest sentence wins, and nothing waits for it."""

import subprocess
import time
import wave
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.core.indication import KEY_CLIP
from edge.devices.indicator.quieter import QuieterClips

log = structlog.get_logger()

SAME_AGAIN_S = 4.0
"""The same sentence is not repeated within this time: people sway between two pieces of advice."""


class Voice:
    """Plays clips by name, in each language in turn. Files: `folder/<language>/<clip>.wav`; a missing one is left out.

    A missing `aplay` or loudspeaker is logged once and never stops the gate.
    """

    def __init__(
        self,
        folder: Path,
        languages: tuple[str, ...],
        device: str = "default",
        monotonic: Callable[[], float] = time.monotonic,
        volume: Callable[[], int] = lambda: 100,
    ) -> None:
        """`volume`: percent at this moment."""
        self._volume, self._quieter = volume, QuieterClips()
        self._folder, self._languages, self._device, self._monotonic = folder, languages, device, monotonic
        self._playing: subprocess.Popen[bytes] | None = None
        self._ending: list[subprocess.Popen[bytes]] = []
        self._said: tuple[str, float] | None = None
        self.complained = False
        """True after the first log entry about the sound."""

    def say(self, clip: str | None) -> None:
        """Start a clip and end one that still plays. None plays nothing and lets the last one finish."""
        if clip is None:
            return
        now = self._monotonic()
        if self._said is not None and self._said[0] == clip and now - self._said[1] < SAME_AGAIN_S:
            return
        files = [path for code in self._languages if (path := self._folder / code / f"{clip}.wav").is_file()]
        if not files:
            self._complain("voice_clip_missing", clip=clip, make_them_with="sitegate voice make")
            return
        self._said = (clip, now)
        self._stop()
        self._play(files)

    def tick(self) -> None:
        """Play the tone of a key, unless something is playing: a sentence matters more."""
        clip = self._folder / KEY_CLIP
        if (self._playing is None or self._playing.poll() is not None) and clip.is_file():
            self._stop()
            self._play([clip])

    def close(self) -> None:
        """End all sound. May be called twice."""
        self._stop()
        self._quieter.close()
        for process in self._ending:
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._ending.clear()

    def _play(self, files: list[Path]) -> None:
        percent = self._volume()
        if not percent:
            return
        # aplay plays several files in turn; -q keeps the log clean.
        command = ["aplay", "-q", "-D", self._device, *(str(self._at_volume(file, percent)) for file in files)]
        try:
            self._playing = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self._complain("voice_failed", error=str(error), install="apt install alsa-utils")

    def _at_volume(self, clip: Path, percent: int) -> Path:
        """Return a quieter copy. If none can be made, the clip itself: a sentence that is too loud beats none."""
        if percent >= 100:
            return clip
        try:
            return self._quieter.of(clip, percent)
        except (OSError, ValueError, EOFError, wave.Error) as error:
            self._complain("voice_not_quieter", clip=clip.name, error=str(error))
            return clip

    def _stop(self) -> None:
        """End the playing clip without waiting, and collect processes that ended."""
        if self._playing is not None:
            if self._playing.poll() is None:
                self._playing.terminate()
            self._ending.append(self._playing)
            self._playing = None
        for process in [p for p in self._ending if p.poll() is not None]:
            self._ending.remove(process)
            if process.returncode > 0:  # not if ended by this class
                self._complain("voice_failed", exit_code=process.returncode, device=self._device)

    def _complain(self, event: str, **fields: object) -> None:
        if not self.complained:
            self.complained = True
            log.warning(event, **fields)
