"""Dequantising constants: the same numbers as the operator's definition, element by element."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.matcher.weights.dequantise import dequantise


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 6),
    columns=st.integers(1, 40),
    block=st.integers(1, 16),
    axis=st.sampled_from([0, 1]),
)
def test_ok__equals_the_definition(seed, rows, columns, block, axis):
    random = np.random.default_rng(seed)
    quantised = random.integers(-128, 128, (rows, columns)).astype(np.int8)
    shape = [rows, columns]
    shape[axis] = -(-shape[axis] // block)
    scale = random.uniform(0.001, 0.1, shape).astype(np.float32)
    zero_point = random.integers(-128, 128, shape).astype(np.int8)
    found = dequantise(quantised, scale, zero_point, axis, block)
    assert found.dtype == np.float32
    for index in np.ndindex(rows, columns):
        source = list(index)
        source[axis] //= block
        whole = np.float32(int(quantised[index]) - int(zero_point[tuple(source)]))
        assert found[index] == whole * scale[tuple(source)]


def test_ok__without_blocks_a_scale_per_index_or_for_all():
    quantised = np.array([[1, 2], [3, 4]], dtype=np.int8)
    zero = np.zeros(2, dtype=np.int8)
    each = dequantise(quantised, np.array([1, 10], dtype=np.float32), zero, 0, 0)
    assert each.tolist() == [[1, 2], [30, 40]]
    one = dequantise(quantised, np.array(2, dtype=np.float32), np.array(1, dtype=np.int8), 1, 0)
    assert one.tolist() == [[0, 2], [4, 6]]
