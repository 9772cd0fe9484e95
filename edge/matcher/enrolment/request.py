"""Make an enrolment that only HQ can read, from photos of one person or the gate's camera."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.codec import encode
from contract.messages import EnrolmentRecord, SealedTemplate
from contract.signing import ENROLMENT, seal
from edge.core.domain import EnrolmentRequest, Image, Template
from edge.core.ports import Camera, Clock
from edge.matcher.enrolment.guided_capture import WANTED, GuidedCapture
from edge.matcher.enrolment.templates import EnrolmentError
from edge.system.photo_file import PhotoError, read_photo

TEMPLATES = 3
"""This many of the good frames become templates."""
FRAME_WAIT_S = 0.2


def read_photos(paths: Sequence[Path]) -> list[Image]:
    """Read the photos, BGR. Raises EnrolmentError for a file that is not a usable photo."""
    images = []
    for path in paths:
        try:
            images.append(read_photo(path))
        except PhotoError as error:
            raise EnrolmentError(f"{path} {error}") from error
    return images


def take_frames(
    camera: Camera,
    clock: Clock,
    capture: GuidedCapture,
    within_s: float,
    report: Callable[[int, str], None] = lambda good, advice: None,
) -> list[Image]:
    """Collect good frames of the one person in front of a started camera. Returns the best `TEMPLATES` of them.

    `report` is called for each frame with the number of good ones and the instruction for the person.

    Raises:
        EnrolmentError: too few good frames within `within_s`; the text says what was wrong at last.
    """
    number, advice, until = 0, "", clock.monotonic() + within_s
    while not capture.done:
        if clock.monotonic() >= until:
            status = camera.status()
            why = (advice or "the pictures came too slowly") if status.ok and number else f"camera: {status.detail}"
            raise EnrolmentError(f"{capture.good} of {WANTED} good pictures in {within_s:g} s; at last: {why}")
        frame = camera.wait(number, FRAME_WAIT_S)
        if frame is not None:
            number = frame.number
            advice = capture.judge_frame(frame.image, frame.monotonic_s)
            report(capture.good, advice)
    return capture.best(TEMPLATES)


def sealed_template(template: Template) -> SealedTemplate:
    """Convert a template to the form of lists and enrolments: float16, little endian."""
    return SealedTemplate(model_id=template.model_id, vector=template.vector.astype("<f2").tobytes())


def enrolment_record(worker_id: str, consent_ref: str, templates: Sequence[Template], now: datetime) -> EnrolmentRecord:
    return EnrolmentRecord(
        worker_id=worker_id, consent_ref=consent_ref, captured_utc=now, templates=tuple(map(sealed_template, templates))
    )


def sealed_request(enrolment: EnrolmentRecord, hq_key: X25519PublicKey) -> EnrolmentRequest:
    """Seal the enrolment for HQ, ready for the gate to journal."""
    return EnrolmentRequest(
        worker_id=enrolment.worker_id,
        consent_ref=enrolment.consent_ref,
        model_id=enrolment.templates[0].model_id,
        sealed_record=seal(encode(enrolment), ENROLMENT, hq_key),
    )
