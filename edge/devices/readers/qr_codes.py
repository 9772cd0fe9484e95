"""Find QR codes in the camera's frames with zxing-cpp. Foreign codes are ignored and not recorded."""

import cv2
import zxingcpp

from contract.code import PREFIX, TEXT_MAX
from contract.signing import Verifier
from contract.training_code import TRAINING_PREFIX
from edge.core.claims import code_claim, training_claim
from edge.core.config import Config
from edge.core.domain import Claim, Frame, Image
from edge.core.domain.visitors import BADGE_PREFIX, badge_digest
from edge.core.ports import Clock

PREFIXES = (PREFIX, TRAINING_PREFIX, BADGE_PREFIX)
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
GONE_AFTER_S = 3.0
"""A code that was out of view this long counts as shown again."""
REFUSED_EVERY_S = 2.0
"""Shortest time between two reported refusals. A video of changing forged codes must not fill the journal."""


def read_codes(image: Image) -> list[str]:
    """Return the texts of HQ's codes and of visitors' badges in a picture, (height, width, 3) BGR.

    White on black works too: a phone in dark mode.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    found = zxingcpp.read_barcodes(grey, formats=QR, try_invert=True)
    return [code.text for code in found if code.text.startswith(PREFIXES) and len(code.text) <= TEXT_MAX]


class QrCodeReader:
    """Implements `edge.core.ports.CodeReader`. `key`: HQ's key, or all trusted ones."""

    def __init__(self, config: Config, key: Verifier, clock: Clock) -> None:
        self._site_id, self._every_s = config.site.site_id, config.reader.codes_every_ms / 1000
        self._key, self._clock = key, clock
        self._due_s = 0.0
        self._refuse_from_s = 0.0
        self._in_view: dict[str, float] = {}

    def read(self, frame: Frame) -> Claim | None:
        now_s = frame.monotonic_s
        if now_s < self._due_s:
            return None
        self._due_s = now_s + self._every_s
        fresh = [text for text in read_codes(frame.image) if self._comes_into_view(text, now_s)]
        claims = [self._claim(text) for text in fresh]
        genuine = next((claim for claim in claims if claim.worker_id or claim.training or claim.badge), None)
        return genuine or self._refusal(claims, now_s)

    def _claim(self, text: str) -> Claim:
        if text.startswith(BADGE_PREFIX):
            return Claim(badge=badge_digest(text))
        read = training_claim if text.startswith(TRAINING_PREFIX) else code_claim
        return read(text, self._key, self._site_id, self._clock.utc())

    def _comes_into_view(self, text: str, now_s: float) -> bool:
        self._in_view = {known: seen_s for known, seen_s in self._in_view.items() if now_s - seen_s < GONE_AFTER_S}
        known = text in self._in_view
        self._in_view[text] = now_s
        return not known

    def _refusal(self, claims: list[Claim], now_s: float) -> Claim | None:
        if not claims or now_s < self._refuse_from_s:
            return None
        self._refuse_from_s = now_s + REFUSED_EVERY_S
        return claims[0]
