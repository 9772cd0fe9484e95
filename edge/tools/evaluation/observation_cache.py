"""Store what was observed in each photo, so that a stopped measurement can be continued.

One JSON line per photo, appended as soon as it is known; lines after a damaged one are dropped. The vectors are
biometric data of the people on the photos: the file is readable by its owner alone. Delete it with the photos.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from edge.core.domain import Vector


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What one photo gave. `problem` is empty, or says why the gate would not use it ("no_face", "too_dark", …).

    `vector` is as a gate sees the face in a frame, `enrolled` as enrolment does where that was asked for. Both are not
    centred, and exist even for an unusable face.
    """

    problem: str
    vector: Vector | None
    enrolled: Vector | None = None


class ObservationCache:
    """Keeps observations by key; `None` as path keeps them in memory only."""

    def __init__(self, path: Path | None) -> None:
        self._known: dict[str, Observation] = {}
        self._file = None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._read(path)
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b")
        self._file.truncate(whole)
        self._file.seek(whole)

    def _read(self, path: Path) -> int:
        """Read the file. Returns how many bytes hold whole lines."""
        whole = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                try:
                    entry = json.loads(line)
                    observation = Observation(
                        entry["problem"], _unpacked(entry["vector"]), _unpacked(entry["enrolled"])
                    )
                except (ValueError, KeyError, TypeError):
                    break
                if not line.endswith(b"\n"):
                    break
                self._known[entry["key"]] = observation
                whole += len(line)
        return whole

    def get(self, key: str) -> Observation | None:
        return self._known.get(key)

    def put(self, key: str, observation: Observation) -> None:
        self._known[key] = observation
        if self._file is not None:
            vectors = {"vector": _packed(observation.vector), "enrolled": _packed(observation.enrolled)}
            entry = {"key": key, "problem": observation.problem} | vectors
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def key_of(photo: bytes, settings: str) -> str:
    """Hash a photo's content and everything that decides what is seen in it."""
    return hashlib.sha256(settings.encode() + b"\0" + photo).hexdigest()


def _packed(vector: Vector | None) -> str | None:
    return None if vector is None else base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _unpacked(text: str | None) -> Vector | None:
    return None if text is None else np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)
