"""Rewrite an ONNX graph so that onnxruntime runs it faster; the results stay the same up to rounding.

onnxruntime keeps a convolution's result in a blocked layout only while the next nodes support that layout. PRelu does
not, and is slow too: in SFace it costs more than all convolutions. So it is written with nodes that do:

    prelu(x) = a·x + (1 − a)·relu(x), and with q = |1 − a|, s = sign(1 − a): s·prelu(x) = (s·a / q)·(q·x) + relu(q·x)

q goes into the convolution before, s into the nodes after; what remains is a relu and one weighted sum. All is computed
in float64 by single, correctly rounded steps and stored as float32. So the result is the same on every machine.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

SLOPE_GAP_MIN = 1e-3
"""A slope nearer to 1 is treated as this far away: dividing by less would lose digits."""

Constants = dict[str, NDArray[Any]]


def rewrite_for_onnxruntime(graph: "onnx.GraphProto") -> None:
    """Fold each BatchNormalization into the Conv before it, and replace each PRelu between convolutions."""
    from onnx import numpy_helper

    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    constants = dict(found)
    _fuse_batch_norms(graph, constants)
    _replace_prelus(graph, constants)
    for name, value in constants.items():
        if value is not found.get(name):
            graph.initializer.append(numpy_helper.from_array(value, name))


def _fuse_batch_norms(graph: "onnx.GraphProto", constants: Constants) -> None:
    """y = γ·(conv(x) − μ) / √(σ² + ε) + β, as the convolution's own weights."""
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        conv = _only_producer(graph, norm.input[0])
        if conv is None:
            continue
        gamma, beta, mean, variance = (constants[name].astype(np.float64) for name in norm.input[1:5])
        factor = gamma / np.sqrt(variance + next(a.f for a in norm.attribute if a.name == "epsilon"))
        _scale_outputs(conv, constants, factor)
        bias = constants[conv.input[2]]
        constants[conv.input[2]] = (bias + (beta - mean * factor)).astype(np.float32)
        conv.output[0] = norm.output[0]
        graph.node.remove(norm)


def _replace_prelus(graph: "onnx.GraphProto", constants: Constants) -> None:
    from onnx import helper

    for prelu in [node for node in graph.node if node.op_type == "PRelu"]:
        conv, name = _only_producer(graph, prelu.input[0]), prelu.output[0]
        after = [node for node in graph.node if name in node.input]
        if conv is None or not all(_takes_signs(node) for node in after):
            continue
        slope = constants[prelu.input[1]].astype(np.float64).reshape(-1)
        gap = np.where(np.abs(1 - slope) < SLOPE_GAP_MIN, SLOPE_GAP_MIN, 1 - slope)
        sign, size = np.sign(gap), np.abs(gap)
        _scale_outputs(conv, constants, size)
        for node in after:
            _flip_inputs(node, constants, sign)
        constants[f"{name}_weight"] = (sign * slope / size).astype(np.float32).reshape(-1, 1, 1, 1)
        nodes = (
            helper.make_node("Relu", [conv.output[0]], [f"{name}_relu"], f"{name}_relu"),
            helper.make_node(
                "Conv", [conv.output[0], f"{name}_weight"], [f"{name}_part"], f"{name}_part", group=slope.size
            ),
            helper.make_node("Add", [f"{name}_part", f"{name}_relu"], [name], name),
        )
        place = list(graph.node).index(prelu)
        graph.node.remove(prelu)
        for offset, node in enumerate(nodes):
            graph.node.insert(place + offset, node)


def _only_producer(graph: "onnx.GraphProto", name: str) -> "onnx.NodeProto | None":
    """Find the Conv that makes `name`, if exactly one node reads it."""
    readers = sum(list(node.input).count(name) for node in graph.node)
    makers = [node for node in graph.node if name in node.output and node.op_type == "Conv"]
    return makers[0] if makers and readers == 1 else None


def _scale_outputs(conv: "onnx.NodeProto", constants: Constants, factor: NDArray[np.float64]) -> None:
    """Multiply each output channel of the convolution by a factor. The convolution then has a bias of its own."""
    weight = constants[conv.input[1]]
    bias = constants[conv.input[2]] if len(conv.input) > 2 else np.zeros(factor.size)
    names = [conv.input[0], f"{conv.output[0]}_weight", f"{conv.output[0]}_bias"]
    constants[names[1]] = (weight * factor.reshape(-1, 1, 1, 1)).astype(np.float32)
    constants[names[2]] = (bias * factor).astype(np.float32)
    del conv.input[:]
    conv.input.extend(names)


def _takes_signs(node: "onnx.NodeProto") -> bool:
    return node.op_type in ("Conv", "BatchNormalization")


def _flip_inputs(node: "onnx.NodeProto", constants: Constants, sign: NDArray[np.float64]) -> None:
    """Make the node read channels with changed signs. Exact: a change of sign rounds nothing."""
    if node.op_type == "BatchNormalization":  # γ·(−x − (−μ)) = −γ·(x − μ)
        changed = dict.fromkeys((1, 3), sign)
    else:  # a depthwise weight has one input channel per output channel, a full one has them side by side
        depthwise = constants[node.input[1]].shape[1] == 1
        changed = {1: sign.reshape((-1, 1, 1, 1) if depthwise else (1, -1, 1, 1))}
    for index, signs in changed.items():
        name = f"{node.input[index]}_signed"
        constants[name] = (constants[node.input[index]] * signs).astype(np.float32)
        node.input[index] = name
