"""Runs one ONNX graph. The only file that knows onnxruntime."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.matcher.weights.manifest import ModelError

Tensor = NDArray[np.float32]


class OnnxSession:
    """One graph with one input, on named execution providers."""

    def __init__(self, model: bytes, providers: Sequence[str], threads: int) -> None:
        """`model` is the verified file's content; `threads` is the number of CPU threads of one inference.

        Raises:
                    ModelError: a provider is not available here, or does not start.
        """
        # Some builds report usage to their maker unless this is set before they are loaded. Imported here, so that
        # processes without a camera never load onnxruntime.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        available = onnxruntime.get_available_providers()
        missing = [name for name in providers if name not in available]
        if missing:
            raise ModelError(
                f"matcher.providers names {', '.join(missing)}, which this onnxruntime does not have; "
                f"available here: {', '.join(available)}"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Waiting threads would otherwise spin, and take the core the camera needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        # From a file that only this process sees: given bytes, onnxruntime would keep a copy while the session lives.
        with os.fdopen(os.memfd_create("model"), "wb") as file:
            file.write(model)
            file.flush()
            path = f"/proc/self/fd/{file.fileno()}"
            self._session = onnxruntime.InferenceSession(path, options, providers=list(providers))
        # If an available provider cannot start (a missing CUDA library), onnxruntime only warns and uses the CPU.
        lost = [name for name in providers if name not in self._session.get_providers()]
        if lost:
            raise ModelError(
                f"{', '.join(lost)} of matcher.providers did not start; onnxruntime would use "
                f"{', '.join(self._session.get_providers())} instead: check its driver and libraries, or take it out"
            )
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def raw(self) -> Any:
        """onnxruntime's own session, for a library that needs one."""
        return self._session

    def run(self, tensor: NDArray[Any]) -> dict[str, Tensor]:
        """Run the graph on one input, for pictures NCHW float32. Returns the outputs by name."""
        values = self._session.run(self._outputs, {self._input: tensor})
        return dict(zip(self._outputs, values, strict=True))
