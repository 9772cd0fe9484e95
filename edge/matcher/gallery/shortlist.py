"""Search exactly at the speed of an 8-bit search: score all templates coarsely, then the possible best ones precisely.

Template and probe are each written as a vector of integers times a step, plus a rounding rest. So x = s·X + e and q =
t·Q + f, both of unit length. By Cauchy and Schwarz

    |x·q − s·t·(X·Q)| = |e·q + s·X·f| ≤ ‖e‖ + (1 + ‖e‖)·‖f‖

so a template whose coarse score is more than twice that bound below the best cannot be the best. The coarse pass reads
a quarter of the memory, which is what a search costs.
"""

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Vector
from edge.matcher.engine.onnx_session import OnnxSession

ROWS_MIN = 4_000
"""Below this number of rows, comparing everything precisely costs no more."""
_STEPS, _PROBE_STEPS, _ZERO = 63, 127, 128
"""Older processors add two products in 16 bits. 2 · 63 · (127 + 128) still fits, so the sums are exact everywhere."""
_ROUNDING = 1e-5
"""Larger than the float32 rounding error of any sum here."""
_PART = 4_096
"""Rows converted in one step, so that a large gallery needs no second copy."""


class Shortlist:
    """Finds the rows of a (n, dimension) matrix of unit vectors that may be the nearest to a probe."""

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        """Raises ModelError if onnxruntime lacks its CPU provider."""
        self._step = max(float(matrix.max()), -float(matrix.min())) / _STEPS
        whole = np.empty(matrix.shape, dtype=np.int8)
        longest = 0.0
        for start in range(0, len(matrix), _PART):
            part = slice(start, start + _PART)
            rounded = np.rint(matrix[part] / np.float32(self._step))
            longest = max(longest, float(np.linalg.norm(matrix[part] - rounded * np.float32(self._step), axis=1).max()))
            whole[part] = rounded
        self._left_over = longest
        self._session = OnnxSession(_graph(np.ascontiguousarray(whole.T)), ["CPUExecutionProvider"], 1)

    def of(self, probe: Vector) -> NDArray[np.intp]:
        """Find the rows that may score best, ascending. The best one is always among them."""
        step = float(np.abs(probe).max()) / _PROBE_STEPS
        whole = np.rint(probe / np.float32(step))
        (sums,) = self._session.run((whole + _ZERO).astype(np.uint8)[np.newaxis]).values()
        left_over = float(np.linalg.norm(probe - whole * np.float32(step)))
        bound = self._left_over + (1 + self._left_over) * left_over + _ROUNDING
        least = int(sums.max()) - 2 * bound / (self._step * step)
        return np.flatnonzero(sums[0] >= least)


def _graph(columns: NDArray[np.int8]) -> bytes:
    """Make an ONNX graph: (1, dimension) unsigned probe, 128 meaning 0, times (dimension, n) gives (1, n) integer
    sums."""
    from onnx import TensorProto, helper, numpy_helper  # only a large gallery needs it

    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["probe", "gallery", "zero"], ["sums"])],
        "shortlist",
        [helper.make_tensor_value_info("probe", TensorProto.UINT8, [1, columns.shape[0]])],
        [helper.make_tensor_value_info("sums", TensorProto.INT32, [1, columns.shape[1]])],
        [numpy_helper.from_array(columns, "gallery"), numpy_helper.from_array(np.array(_ZERO, np.uint8), "zero")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())
