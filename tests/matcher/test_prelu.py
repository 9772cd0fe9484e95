"""The rewritten graph computes what the published one computes."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.core.config import MatcherConfig
from edge.matcher import FaceEngine, load_manifest, open_engine
from edge.matcher.engine.embedder import Embedder
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.weights.dequantise import dequantise_model
from edge.matcher.weights.prelu import rewrite_for_onnxruntime
from edge.system.pinned_packages import download, extract

CPU = ["CPUExecutionProvider"]


def network(random, slopes, biased):
    """conv → norm → prelu → depthwise conv → prelu → norm: every place a changed sign can go."""
    size = len(slopes)
    weights = {
        "full": random.normal(0, 0.5, (size, 3, 3, 3)),
        "depthwise": random.normal(0, 0.5, (size, 1, 3, 3)),
        "bias": random.normal(0, 1, size),
        "slopes": np.reshape(slopes, (size, 1, 1)),
    }
    for norm in ("a", "b"):
        names = [f"{norm}_{part}" for part in ("gamma", "beta", "mean")]
        weights |= {name: random.normal(0, 1, size) for name in names} | {f"{norm}_var": random.uniform(0.5, 2, size)}
    norms = {norm: [f"{norm}_{part}" for part in ("gamma", "beta", "mean", "var")] for norm in ("a", "b")}
    nodes = [
        helper.make_node("Conv", ["x", "full", *(["bias"] if biased else [])], ["c"], pads=[1] * 4),
        helper.make_node("BatchNormalization", ["c", *norms["a"]], ["n"], epsilon=1e-3),
        helper.make_node("PRelu", ["n", "slopes"], ["p"]),
        helper.make_node("Conv", ["p", "depthwise"], ["d"], group=size, pads=[1] * 4),
        helper.make_node("PRelu", ["d", "slopes"], ["q"]),
        helper.make_node("BatchNormalization", ["q", *norms["b"]], ["y"], epsilon=1e-3),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, size, 8, 8])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


slope = st.floats(-2, 3) | st.sampled_from([0.0, 1.0, 1 + 1e-5, 1 - 1e-5, -1.0])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), slopes=st.lists(slope, min_size=1, max_size=20), biased=st.booleans())
def test_ok__any_slopes_any_norms(seed, slopes, biased):
    random = np.random.default_rng(seed)
    model = network(random, slopes, biased)
    picture = random.normal(0, 1, (1, 3, 8, 8)).astype(np.float32)
    before = OnnxSession(model.SerializeToString(), CPU, 1).run(picture)["y"]
    rewrite_for_onnxruntime(model.graph)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node].count("PRelu") == 0
    after = OnnxSession(model.SerializeToString(), CPU, 1).run(picture)["y"]
    # A slope next to 1 is moved by SLOPE_GAP_MIN at most.
    assert np.abs(after - before).max() <= 5e-3 * max(1.0, float(np.abs(before).max()))


@pytest.fixture(scope="module")
def member():
    """SFace's file as it was published."""
    pack = load_manifest().pack("opencv-zoo")
    with tempfile.TemporaryDirectory() as work:
        archive = download(pack.source, Path(work))
        return extract(archive, pack.embedder.member, pack.embedder.member_sha256)


@pytest.fixture(scope="module")
def published(member):
    """SFace with the nodes it was published with."""
    return OnnxSession(dequantise_model(member, dynamic_size=False, rewritten=False), CPU, 1)


def faces(engine, photos_dir):
    for photo in sorted(photos_dir.glob("*.*")):
        image = cv2.imread(str(photo))
        for face in engine.detect(image) if image is not None else []:
            yield engine.align(image, face)


def test_ok__templates_are_those_of_the_published_graph(published, models_dir, photos_dir):
    """The last layer's input is rounded to 8 bits (edge/matcher/weights/int8.py); nothing else differs."""
    engine = open_engine(MatcherConfig(), models_dir)
    plain = FaceEngine("opencv-zoo", engine.pack, engine, Embedder(published, engine.pack.embedder.dimension))
    for aligned in faces(engine, photos_dir):
        ours, theirs = engine.embed(aligned), plain.embed(aligned)
        assert np.abs(ours - theirs).max() < 2e-3
        assert float(ours @ theirs) > 0.9999


def test_ok__fusing_alone_changes_nothing(member, published, models_dir, photos_dir):
    model = onnx.load_model_from_string(dequantise_model(member, dynamic_size=False, rewritten=False))
    rewrite_for_onnxruntime(model.graph)
    rewritten = Embedder(OnnxSession(model.SerializeToString(), CPU, 1), 128)
    plain = Embedder(published, 128)
    for aligned in faces(open_engine(MatcherConfig(), models_dir), photos_dir):
        assert np.abs(rewritten.embed(aligned) - plain.embed(aligned)).max() < 1e-5
