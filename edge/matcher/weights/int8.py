"""Keep a fully connected layer's weights in the 8 bits they were published in.

SFace's last layer holds two thirds of all its weights and uses each once per face. Reading them is all its time.
onnxruntime's MatMulNBits reads the published 8-bit blocks as they are. That is a quarter of the bytes on disk, in
memory and on the way to the processor. It also rounds the layer's input to 8 bits per block, which changes a template
by about 1e-3.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

DOMAIN = "com.microsoft"
COMPUTE_INT8 = 4
"""MatMulNBits' accuracy_level: the only one with fast 8-bit kernels for x86-64 and aarch64."""


def keep_eight_bits(model: "onnx.ModelProto") -> None:
    """Replace each Gemm whose weight is an int8 tensor in blocks along its inputs: Gemm(x, dequantise(w), b) with
    transB."""
    from onnx import helper, numpy_helper

    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    made = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    changed = False
    for place, gemm in enumerate(graph.node):
        source = made.get(gemm.input[1]) if gemm.op_type == "Gemm" else None
        if source is None or not _is_plain(gemm) or not all(name in constants for name in source.input):
            continue
        settings = {attribute.name: attribute.i for attribute in source.attribute}
        weight, scale, zero = (numpy_helper.to_array(constants[name]) for name in source.input)
        block = settings.get("block_size", 0)
        outputs, inputs = weight.shape
        if weight.dtype != np.int8 or settings.get("axis", 1) != 1 or block < 16 or inputs % block:
            continue
        name = gemm.output[0]
        tensors: dict[str, NDArray[Any]] = {
            f"{name}_blocks": _unsigned(weight).reshape(outputs, inputs // block, block),
            f"{name}_scales": scale.astype(np.float32).reshape(-1),
            f"{name}_zeros": _unsigned(zero).reshape(-1),
        }
        graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in tensors.items())
        node = helper.make_node(
            "MatMulNBits", [gemm.input[0], *tensors, "", *gemm.input[2:]], [name], gemm.name, domain=DOMAIN,
            K=inputs, N=outputs, bits=8, block_size=block, accuracy_level=COMPUTE_INT8,
        )  # fmt: skip
        graph.node[place].CopyFrom(node)
        changed = True
    if changed:
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))


def _is_plain(gemm: "onnx.NodeProto") -> bool:
    """x · wᵀ + b, nothing scaled and x not transposed."""
    given = {a.name: a.i if a.name.startswith("trans") else a.f for a in gemm.attribute}
    return given.get("transB") == 1 and not given.get("transA") and given.get("alpha", 1) == given.get("beta", 1) == 1


def _unsigned(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Shift int8 by 128. The zero point is shifted too, so the values stay the same."""
    return (values.astype(np.int16) + 128).astype(np.uint8)
