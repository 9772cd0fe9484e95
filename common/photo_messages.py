"""What `sitegate-hq enroll` and the process that makes templates say to each other: one JSON line each way, in turn."""

from pydantic import BaseModel, ConfigDict, Field


class PhotoMessage(BaseModel):
    """A line between the two processes."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )


class PhotoFile(PhotoMessage):
    """A file in a folder or archive. `problem`: why it cannot be read at all; "" if nothing is known against it."""

    number: int
    name: str
    problem: str = ""


class OwnedVector(PhotoMessage):
    """One template: whose it is, and its vector (float16, little endian)."""

    worker_id: str
    model_id: str
    vector: bytes = Field(repr=False)


class FaceConflict(PhotoMessage):
    """What contradicts the enrolment of a worker. `other_id`: whose face it also is; the worker's own id, if the photos
    or templates of this worker do not fit each other.
    """

    worker_id: str
    problem: str
    other_id: str = ""


class PhotoRequest(PhotoMessage):
    """What HQ asks for; exactly one of the fields is set.

    `open_source`: a folder or archive; answered with its files. `open_models`: a folder of weights, "" for the usual
    one; answered with the model. `fetch`: the same, and what is missing is downloaded first. `photo`: one of the files;
    answered with its template. `held`, `new`: templates to remember. `compare`: answered with all conflicts between
    them; the new ones are forgotten then. `forget`: the held ones too, before anything else.
    """

    open_source: str | None = None
    open_models: str | None = None
    fetch: str | None = None
    photo: PhotoFile | None = None
    held: tuple[OwnedVector, ...] = ()
    new: tuple[OwnedVector, ...] = ()
    compare: bool = False
    forget: bool = False


class PhotoAnswer(PhotoMessage):
    """The answer to one request. `problem`: why there is none, in words for the administrator."""

    problem: str = ""
    files: tuple[PhotoFile, ...] = ()
    model_id: str = ""
    vector: bytes | None = Field(default=None, repr=False)
    conflicts: tuple[FaceConflict, ...] = ()


def line(message: PhotoMessage) -> bytes:
    """Encode a message as one line."""
    return message.model_dump_json(exclude_defaults=True).encode() + b"\n"
