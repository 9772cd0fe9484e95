"""Download a weight, verify it, convert it, verify it again, install it: the only way weights come to a gate."""

import tempfile
from pathlib import Path

from edge.matcher.weights.manifest import Model, ModelError, Pack, PassivePack, read_verified
from edge.system.atomic_write import write_atomically
from edge.system.pinned_packages import Progress, download, extract, sha256_of


def fetch_pack(pack: Pack | PassivePack, models_dir: Path, progress: Progress | None = None) -> list[Path]:
    """Install every missing or altered model of `pack` in `models_dir`. Returns the paths that were written.

    Nothing is downloaded if all are verified.

    Raises:
        PackageError: the package cannot be downloaded, or has another hash.
        ModelError: the converted file is not the one that the manifest names.
        OSError: the folder cannot be written; seen before anything is downloaded.
    """
    missing = [model for model in pack.models if not is_verified(model, models_dir)]
    if not missing:
        return []
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=models_dir):
        pass
    with tempfile.TemporaryDirectory(prefix="sitegate-models-") as work:
        archive = download(pack.source, Path(work), progress)
        return [_install(model, archive, models_dir) for model in missing]


def is_verified(model: Model, models_dir: Path) -> bool:
    try:
        read_verified(model, models_dir)
    except ModelError:
        return False
    return True


def _install(model: Model, archive: Path, models_dir: Path) -> Path:
    member = extract(archive, model.member, model.member_sha256)
    from edge.matcher.weights.dequantise import dequantise_model  # most starts fetch nothing

    as_published = model.member_sha256 == model.sha256
    float32_model = member if as_published else dequantise_model(member, dynamic_size=model.input.dynamic_size)
    found = sha256_of(float32_model)
    if found != model.sha256:
        raise ModelError(
            f"converting {model.name} gave SHA-256 {found[:12]}…, pinned is {model.sha256[:12]}…; this version of onnx writes "
            "another file: install the versions this release was tested with, and report it"
        )
    path = models_dir / model.file
    write_atomically(path, float32_model, 0o644)
    return path
