"""How long an own certificate is still valid. A machine without a visitor for a year must report it in time."""

from datetime import datetime
from pathlib import Path

from cryptography import x509

WARN_DAYS = 30.0


def days_left(path: Path, now: datetime) -> float:
    """Return the days left of the first certificate in a PEM file; negative after its end. Raises OSError,
    ValueError."""
    certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    return (certificate.not_valid_after_utc - now).total_seconds() / 86_400
