"""Cards and PINs as digests: the formats stay, and a wrong one matches nothing."""

import pytest

from contract.credentials import card_digest, hash_pin_code, pin_code_matches
from contract.messages import WorkerRecord


def test_ok__the_formats_of_version_1() -> None:
    assert card_digest("site-1", "0012345678") == "d349781f1b7cb914998603080668673d308b10adc5482d6d511e409d2b8c44b4"
    assert hash_pin_code("4711", bytes(16)) == "AAAAAAAAAAAAAAAAAAAAAA==$p8EXOA/nZsOJWF6xGJw7Dw7uVFtCtbWBApqvGxv54J8="


def test_ok__a_pin_matches_itself_alone_and_fits_the_roster() -> None:
    stored = hash_pin_code("4711")
    assert pin_code_matches("4711", stored) and not pin_code_matches("4712", stored)
    assert stored != hash_pin_code("4711")
    assert WorkerRecord(worker_id="w", pin=stored, cards=(card_digest("s", "1"),)).pin == stored


@pytest.mark.parametrize("stored", ["", "$", "4711", "AAAA$AAAA", "!$!", "QUJD$" + "A" * 44, "\u00fc$AAAA"])
def test_fail__a_stored_form_that_is_none_matches_nothing(stored: str) -> None:
    assert not pin_code_matches("4711", stored)


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "１２３４", "1234\n"])
def test_fail__what_is_no_pin_is_not_hashed(pin: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        hash_pin_code(pin)


def test_ok__a_card_means_something_at_its_site_alone() -> None:
    assert card_digest("site-1", "77") != card_digest("site-2", "77")
