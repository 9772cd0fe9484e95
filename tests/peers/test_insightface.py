"""insightface's own classes behind our engine: the same answers from the same weights, and an operator's pack as
told."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from insightface.model_zoo import ArcFaceONNX
from insightface.utils import face_align
from onnx import TensorProto, helper, numpy_helper

from edge.core.config import MatcherConfig
from edge.matcher import FaceEngine, ModelError, load_manifest, open_engine, open_matcher
from edge.matcher.engine.align import align
from edge.matcher.engine.embedder import Embedder
from edge.matcher.engine.insightface_engine import ArcFaceEmbedder
from edge.matcher.engine.onnx_session import OnnxSession

SFACE = load_manifest().pack("opencv-zoo").embedder


def scrfd(path: Path) -> None:
    """A graph with SCRFD's nine outputs at 640 x 640 that always sees one face: box 200, 120 to 360, 320."""
    outputs, tensors = [], []
    for kind, width in (("score", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16, 32):
            values = np.zeros(((640 // stride) ** 2 * 2, width), np.float32)
            if stride == 16:  # the anchor at x 288, y 224
                cell = (14 * 40 + 18) * 2
                around = {
                    "score": [0.9],
                    "bbox": [88, 104, 72, 96],
                    "kps": [-40, -30, 24, -30, -8, 10, -32, 40, 16, 40],
                }
                values[cell] = np.array(around[kind], np.float32) / (1 if kind == "score" else stride)
            name = f"{kind}_{stride}"
            tensors.append(numpy_helper.from_array(values, f"{name}_value"))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape))
    nodes = [helper.make_node("Identity", [f"{output.name}_value"], [output.name]) for output in outputs]
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, (1, 3, 640, 640))
    graph = helper.make_graph(nodes, "scrfd", [picture], outputs, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), str(path))


@pytest.fixture
def folder(tmp_path: Path, models_dir: Path) -> Path:
    """An operator's pack: SFace as the embedder, and the made-up detector."""
    scrfd(tmp_path / "det.onnx")
    (tmp_path / "sface.onnx").symlink_to(models_dir / SFACE.file)
    digest = hashlib.sha256((tmp_path / "det.onnx").read_bytes()).hexdigest()
    (tmp_path / "pack.toml").write_text(
        f"""
detector = {{ file = "det.onnx", sha256 = "{digest}" }}
embedder = {{ file = "sface.onnx", sha256 = "{SFACE.sha256}", dimension = 128 }}
impostor_tail = {{ start = 0.29, plain_start = 0.371, share = 0.001, scale = 0.0275, comparisons = 1370748 }}
"""
    )
    return tmp_path


@pytest.fixture(scope="session")
def engine(models_dir: Path) -> FaceEngine:
    return open_engine(MatcherConfig(), models_dir)


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")  # insightface calls scikit-image so
def test_ok__sface_agrees_through_both_engines(engine: FaceEngine, models_dir: Path, photos_dir: Path) -> None:
    path = models_dir / SFACE.file
    session = OnnxSession(path.read_bytes(), ("CPUExecutionProvider",), 2)
    through_port = ArcFaceEmbedder(path, session, SFACE.dimension)
    plain = Embedder(session, SFACE.dimension)  # as both engines call it, before the mirror image is added
    alone = ArcFaceONNX(model_file=str(path), session=session.raw)
    compared = 0
    for photo in sorted(photos_dir.glob("person-*")) + sorted(photos_dir.glob("group-*")):
        image = np.asarray(cv2.imread(str(photo)), np.uint8)
        for face in engine.detect(image):
            aligned = align(image, face)
            ours, theirs = plain.embed(aligned), through_port.embed(aligned)
            assert np.abs(ours - theirs).max() < 1e-4
            assert float(ours @ theirs) > 1 - 1e-4
            raw = alone.get_feat(face_align.norm_crop(image, landmark=face.landmarks)).reshape(-1)
            assert float(ours @ raw) / np.linalg.norm(raw) > 1 - 1e-4  # their alignment too
            compared += 1
    assert compared >= 8


def test_ok__an_operators_pack_runs_behind_the_same_interface(folder: Path, models_dir: Path) -> None:
    config = MatcherConfig(pack=f"insightface:{folder}")
    own = open_engine(config, models_dir)
    (face,) = own.detect(np.zeros((640, 640, 3), np.uint8))
    assert face.box == pytest.approx((200, 120, 160, 200), abs=1)
    assert face.score == pytest.approx(0.9)
    assert face.landmarks == pytest.approx(
        np.array([[248, 194], [312, 194], [280, 234], [256, 264], [304, 264]]), abs=1
    )
    (small,) = own.detect(np.zeros((320, 320, 3), np.uint8))
    assert small.box == pytest.approx((100, 60, 80, 100), abs=1)
    assert own.model_id == f"insightface/sface/{SFACE.sha256[:8]}"
    assert (
        open_engine(MatcherConfig(pack=config.pack, detector_score_min=0.95), models_dir).detect(
            np.zeros((640, 640, 3), np.uint8)
        )
        == []
    )
    assert open_matcher(config, models_dir).model_id == own.model_id


def test_fail__a_pack_that_is_not_as_told(folder: Path, models_dir: Path) -> None:
    config = MatcherConfig(pack=f"insightface:{folder}")
    with (folder / "det.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match=r"det\.onnx was altered.*copy it to"):
        open_engine(config, models_dir)
    (folder / "det.onnx").unlink()
    with pytest.raises(ModelError, match=r"det\.onnx is missing"):
        open_engine(config, models_dir)
    text = (folder / "pack.toml").read_text()
    (folder / "pack.toml").write_text(text.replace("dimension = 128", "dimension = 0"))
    with pytest.raises(ModelError, match=r"pack\.toml is not valid"):
        open_engine(config, models_dir)
    (folder / "pack.toml").unlink()
    with pytest.raises(ModelError, match=r"pack\.toml cannot be read"):
        open_engine(config, models_dir)


def test_fail__a_detector_without_landmarks_and_an_embedder_of_another_size(folder: Path, models_dir: Path) -> None:
    config, text = MatcherConfig(pack=f"insightface:{folder}"), (folder / "pack.toml").read_text()
    (folder / "pack.toml").write_text(text.replace("dimension = 128", "dimension = 512"))
    with pytest.raises(ModelError, match="gives 128 numbers"):
        open_engine(config, models_dir)
    (folder / "det.onnx").unlink()
    (folder / "det.onnx").symlink_to(models_dir / SFACE.file)
    digest = text.split('det.onnx", sha256 = "')[1][:64]
    (folder / "pack.toml").write_text(text.replace(digest, SFACE.sha256))
    with pytest.raises(ModelError, match="not an SCRFD detector"):
        open_engine(config, models_dir)
