"""Read the manifest of models, and check that a file on disk is exactly what the manifest names."""

import base64
import tomllib
from importlib import resources
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from common.text_files import read_text
from edge.system.pinned_packages import PinnedFile, Sha256, sha256_of

OWN = "insightface"


class ModelError(RuntimeError):
    """A model that is missing, altered or unknown. The gate does not start; the text says what to do."""


class _ManifestEntry(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class ModelInput(_ManifestEntry):
    """The graph's input: NCHW float32 in this colour order. `dynamic_size` frees height and width during conversion."""

    colour: Literal["RGB", "BGR"]
    scale: Literal["0-255"]
    dynamic_size: bool


class Model(_ManifestEntry):
    """One weight: its source (`member` of the pack's source), and its file after conversion.

    A weight whose two hashes are equal is run as published.
    """

    fetch_option: ClassVar[str] = ""

    name: str
    member: str
    member_sha256: Sha256
    file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.onnx$")
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    licence: str
    licence_source: str
    input: ModelInput


class EmbedderModel(Model):
    dimension: int = Field(gt=0)


class ImpostorTail(_ManifestEntry):
    """How likely two different people score high: FMR(t) = share · exp(−(t − start) / scale) from `start` on.

    Of centred scores; `plain_start` is where the tail of plain cosines starts. `start_error` and `scale_error` are
    standard errors over people: how much other people's tail may differ.
    """

    start: float = Field(ge=-1, le=1)
    plain_start: float = Field(ge=-1, le=1)
    share: float = Field(gt=0, lt=1)
    scale: float = Field(gt=0)
    comparisons: int = Field(gt=0)
    start_error: float = Field(default=0.0, ge=0, le=0.5)
    scale_error: float = Field(default=0.0, ge=0, le=0.5)


class Upright(_ManifestEntry):
    """How this pack's vectors of faces upside down are recognised (edge/matcher/engine/upright.py).

    Their product with `direction`, a unit vector (float16, little endian, base64), is at least `turned_min`. Fitted on
    this number of `faces`.
    """

    direction: str
    turned_min: float = Field(gt=0, lt=1)
    faces: int = Field(gt=0)


class Pack(_ManifestEntry):
    """A detector and an embedder that belong together, and the error rates measured with both.

    Without `upright`, faces upside down were not measured with this pack and are not recognised as such.
    """

    title: str
    source: PinnedFile
    detector: Model
    embedder: EmbedderModel
    impostor_tail: ImpostorTail
    upright: Upright | None = None

    @model_validator(mode="after")
    def _direction_fits(self) -> "Pack":
        if self.upright and len(base64.b64decode(self.upright.direction)) != 2 * self.embedder.dimension:
            raise ValueError("upright.direction does not have the embedder's dimension")
        return self

    @model_validator(mode="after")
    def _inputs_as_the_code_feeds_them(self) -> "Pack":
        if (self.detector.input.colour, self.embedder.input.colour) != ("BGR", "RGB"):
            raise ValueError("the detector is fed BGR and the embedder RGB; another order needs code")
        return self

    @property
    def models(self) -> tuple[Model, ...]:
        return self.detector, self.embedder


class PassiveModel(Model):
    """The passive liveness network: one face on a square crop; softmax class 0 is a live face."""

    fetch_option: ClassVar[str] = " --liveness"

    side_px: int = Field(gt=0)
    crop: float = Field(ge=1, le=5)
    """Side of the crop in heights of the detector's box."""


class PassivePack(_ManifestEntry):
    """The optional weight of passive liveness. Fetched and run only on the operator's order."""

    title: str
    source: PinnedFile
    model: PassiveModel

    @property
    def models(self) -> tuple[PassiveModel, ...]:
        return (self.model,)


class OwnModel(_ManifestEntry):
    """A weight that the operator supplies, pinned by hash."""

    file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.onnx$")
    sha256: Sha256

    @property
    def name(self) -> str:
        return self.file.removesuffix(".onnx")


class OwnEmbedderModel(OwnModel):
    dimension: int = Field(gt=0)


class OwnPack(_ManifestEntry):
    """What `pack.toml` in the folder of an operator's own pack says.

    The impostor tail is measured with `sitegate evaluate --photos PHOTOS` and that pack in the configuration. Until
    then, any values with a high threshold are safe.
    """

    detector: OwnModel
    embedder: OwnEmbedderModel
    impostor_tail: ImpostorTail

    @property
    def models(self) -> tuple[OwnModel, ...]:
        return self.detector, self.embedder


class Manifest(_ManifestEntry):
    packs: dict[str, Pack]
    passive_liveness: PassivePack

    def pack(self, name: str) -> Pack:
        """Raises ModelError for an unknown name."""
        try:
            return self.packs[name]
        except KeyError:
            known = ", ".join(sorted(self.packs))
            raise ModelError(f"there is no model pack {name!r}; set matcher.pack to one of: {known}") from None


def load_manifest() -> Manifest:
    """The manifest that is installed with this software."""
    text = resources.files("sitegate_models").joinpath("manifest.toml").read_text(encoding="utf-8")
    return Manifest.model_validate(tomllib.loads(text))


PROCESSING = "m3"
"""How a template is made from a picture, beside the weights: refined points, mirrored embedding.

Change this name with the processing: templates made in different ways must never be compared.
"""
FRAMES = "f2"
"""How a frame is processed before it is compared.

Change this name with the processing: `sitegate evaluate` stores its observations under it.
"""


def own_folder(pack_name: str) -> Path | None:
    """The folder of `insightface:/folder`; None for a pack of the manifest."""
    kind, _, folder = pack_name.partition(":")
    return Path(folder) if kind == OWN and folder else None


def load_own_pack(folder: Path) -> OwnPack:
    """Raises ModelError."""
    path = folder / "pack.toml"
    try:
        return OwnPack.model_validate(tomllib.loads(read_text(path)))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); docs/OPERATIONS.md shows one") from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid: {error}; docs/OPERATIONS.md shows one") from error


def find_pack(pack_name: str) -> Pack | OwnPack:
    """Find the pack that `matcher.pack` names: of the manifest, or the operator's own. Raises ModelError."""
    folder = own_folder(pack_name)
    return load_own_pack(folder) if folder else load_manifest().pack(pack_name)


def model_id(pack_name: str, model: Model | OwnModel) -> str:
    """Name the weights and processing of a template, e.g. `opencv-zoo/sface-2021dec/f11e0f2e/m3`."""
    if isinstance(model, OwnModel):
        return f"{OWN}/{model.name[:48]}/{model.sha256[:8]}"
    return f"{pack_name}/{model.name}/{model.sha256[:8]}/{PROCESSING}"


def read_verified(model: Model | OwnModel, models_dir: Path) -> bytes:
    """Read a converted model, or an operator's own, and verify what was read by its hash.

    Raises:
        ModelError: missing, unreadable, or not the pinned file.
    """
    path = models_dir / model.file
    run = "" if isinstance(model, OwnModel) else f"run: sitegate models fetch{model.fetch_option} --dir {models_dir}"
    again = run or f"copy it to {models_dir} again"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; {again}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check its owner and permissions") from error
    found = sha256_of(data)
    if found != model.sha256:
        raise ModelError(
            f"{path} was altered: expected SHA-256 {model.sha256[:12]}…, found {found[:12]}…; delete it, find out who "
            f"changed it, and {again}"
        )
    return data
