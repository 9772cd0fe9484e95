"""Convert a block-quantised ONNX file to the float32 file that onnxruntime runs fast.

The published files carry `DequantizeLinear` with `block_size`, which onnxruntime refuses. Each such node reads
constants only, so its result is constant too. It is computed once here and stored as a float32 initializer. Every
operation is a single, correctly rounded step. So the output is the same on every machine, byte by byte, and its hash
can be pinned.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edge.matcher.weights.int8 import keep_eight_bits
from edge.matcher.weights.prelu import rewrite_for_onnxruntime

if TYPE_CHECKING:
    import onnx

IR_VERSION_MIN = 10
"""The first version that allows initializers which are not graph inputs, for this operator set."""

_CONSTANT_OPERATORS = ("DequantizeLinear", "Reshape")


def dequantise_model(data: bytes, *, dynamic_size: bool, rewritten: bool = True) -> bytes:
    """Convert the constants of the ONNX file `data` to float32. Returns the new file's bytes.

    Args:
        dynamic_size: replace the input's fixed height and width by free dimensions.
        rewritten: rewrite the graph for onnxruntime (see `edge.matcher.weights.prelu` and `edge.matcher.weights.int8`);
        otherwise its nodes stay as published.
    """
    import onnx  # a gate with its weights and a small gallery never needs it

    model = onnx.load_model_from_string(data)
    if rewritten:
        keep_eight_bits(model)
    _fold_constants(model.graph)
    if rewritten:
        rewrite_for_onnxruntime(model.graph)
    _drop_unused(model.graph)
    if dynamic_size:
        _free_size(model.graph)
    del model.graph.value_info[:]
    model.ir_version = max(model.ir_version, IR_VERSION_MIN)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def dequantise(
    quantised: NDArray[Any], scale: NDArray[Any], zero_point: NDArray[Any], axis: int, block_size: int
) -> NDArray[np.float32]:
    """(x − zero_point) · scale, each scale and zero point valid for `block_size` elements along `axis`.

    Formula: ONNX operator DequantizeLinear, version 21. With `block_size` 0 the scale is one number, or one per index
    of `axis`.
    """
    if block_size:
        size = quantised.shape[axis]
        scale = np.repeat(scale, block_size, axis=axis).take(range(size), axis=axis)
        zero_point = np.repeat(zero_point, block_size, axis=axis).take(range(size), axis=axis)
    elif scale.ndim == 1:
        shape = [1] * quantised.ndim
        shape[axis] = -1
        scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
    whole = quantised.astype(np.int32) - zero_point.astype(np.int32)
    return whole.astype(np.float32) * scale.astype(np.float32)


def _fold_constants(graph: "onnx.GraphProto") -> None:
    from onnx import numpy_helper

    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type in _CONSTANT_OPERATORS and all(name in constants for name in node.input):
            name = node.output[0]
            constants[name] = _compute(node, [constants[source] for source in node.input])
            graph.initializer.append(numpy_helper.from_array(constants[name], name))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def _compute(node: "onnx.NodeProto", inputs: list[NDArray[Any]]) -> NDArray[Any]:
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    if node.op_type == "Reshape":
        return inputs[0].reshape(inputs[1])
    zero_point = inputs[2] if len(inputs) > 2 else np.zeros_like(inputs[1], dtype=np.int32)
    axis, block_size = attributes.get("axis", 1), attributes.get("block_size", 0)
    return dequantise(inputs[0], inputs[1], zero_point, axis, block_size)


def _drop_unused(graph: "onnx.GraphProto") -> None:
    """Keep the initializers that a node reads, and the inputs that a caller must supply."""
    used = {name for node in graph.node for name in node.input}
    constants = [tensor for tensor in graph.initializer if tensor.name in used]
    names = {tensor.name for tensor in constants}
    inputs = [value for value in graph.input if value.name in used and value.name not in names]
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(constants)
    graph.input.extend(inputs)


def _free_size(graph: "onnx.GraphProto") -> None:
    for dimension, name in zip(graph.input[0].type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
        dimension.dim_param = name
    for output in graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"cells_{output.name}"
