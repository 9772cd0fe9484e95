"""The last layer in 8 bits computes what it computed in 32."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.weights.dequantise import dequantise
from edge.matcher.weights.int8 import keep_eight_bits

CPU = ["CPUExecutionProvider"]


def network(random, outputs, blocks, block, **changes):
    """y = x · dequantise(w)ᵀ + b, with w in `blocks` blocks of 8 bits; `changes` are attributes of the Gemm."""
    inputs = blocks * block
    weights = {
        "quantised": random.integers(-128, 128, (outputs, inputs), dtype=np.int8),
        "scale": random.uniform(0.001, 0.01, (outputs, blocks)).astype(np.float32),
        "zero": random.integers(-128, 128, (outputs, blocks), dtype=np.int8),
        "bias": random.normal(0, 1, outputs).astype(np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["quantised", "scale", "zero"], ["w"], axis=1, block_size=block),
        helper.make_node("Gemm", ["x", "w", "bias"], ["y"], **{"transB": 1} | changes),
    ]
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, outputs])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return weights, helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def run(model, x):
    onnx.checker.check_model(model)
    return OnnxSession(model.SerializeToString(), CPU, 1).run(x)["y"][0]


def expected(weights, x, block):
    whole = dequantise(weights["quantised"], weights["scale"], weights["zero"], 1, block)
    return whole.astype(np.float64) @ x[0] + weights["bias"]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 5, 16]), st.integers(1, 9), st.sampled_from([16, 32, 64, 128]))
def test_ok__the_weights_are_the_same_to_the_last_bit(seed, outputs, blocks, block):
    """Inputs that are whole numbers up to 127, reached in every block, are not rounded: nor is anything else."""
    random = np.random.default_rng(seed)
    weights, model = network(random, outputs, blocks, block)
    keep_eight_bits(model)
    assert "MatMulNBits" in [node.op_type for node in model.graph.node]
    x = random.integers(-127, 128, (1, blocks * block)).astype(np.float32)
    x[0, ::block] = 127
    want = expected(weights, x, block)
    assert np.abs(run(model, x) - want).max() <= 2e-5 * np.abs(want).max() + 1e-3


def test_ok__rounding_the_input_costs_little():
    random = np.random.default_rng(0)
    weights, model = network(random, 128, 196, 64)
    keep_eight_bits(model)
    x = random.normal(0, 1, (1, 196 * 64)).astype(np.float32)
    found, want = run(model, x), expected(weights, x, 64)
    assert float(found @ want) / np.linalg.norm(found) / np.linalg.norm(want) > 0.9999


@pytest.mark.parametrize("changes", [{"transB": 0}, {"alpha": 2.0}, {"beta": 0.5}])
def test_ok__a_layer_of_another_form_stays_as_it_is(changes):
    _, model = network(np.random.default_rng(0), 64, 1, 64, **changes)
    before = model.SerializeToString()
    keep_eight_bits(model)
    assert model.SerializeToString() == before
