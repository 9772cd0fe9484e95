"""From photos of one person to an enrolment that only HQ can read."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.codec import encode
from contract.messages import EnrolmentRecord, SealedTemplate
from contract.signing import ENROLMENT, seal
from edge.domain import EnrolmentRequest, Image, Template
from edge.matcher.enrol import EnrolmentError


def read_photos(paths: Sequence[Path]) -> list[Image]:
    """The photos, BGR. Raises EnrolmentError for a file that is no photo."""
    images = []
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise EnrolmentError(f"{path} cannot be read as a photo; use JPEG or PNG")
        images.append(np.asarray(image, np.uint8))
    return images


def stored(template: Template) -> SealedTemplate:
    """The template as lists and enrolments carry it: float16, little endian."""
    return SealedTemplate(model_id=template.model_id, vector=template.vector.astype("<f2").tobytes())


def record(worker_id: str, consent_ref: str, templates: Sequence[Template], now: datetime) -> EnrolmentRecord:
    return EnrolmentRecord(
        worker_id=worker_id, consent_ref=consent_ref, captured_utc=now, templates=tuple(map(stored, templates))
    )


def sealed_request(enrolment: EnrolmentRecord, hq_key: X25519PublicKey) -> EnrolmentRequest:
    """The enrolment sealed for HQ, ready for the gate to journal."""
    return EnrolmentRequest(
        worker_id=enrolment.worker_id,
        consent_ref=enrolment.consent_ref,
        model_id=enrolment.templates[0].model_id,
        sealed_record=seal(encode(enrolment), ENROLMENT, hq_key),
    )
