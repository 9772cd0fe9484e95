"""What the tests of the people side share."""

from collections.abc import Iterator

import pytest
from audit_flush import let_tests_empty_the_audit
from district_rig import SmallDistrict, small_district


@pytest.fixture(scope="session", autouse=True)
def _audit_can_be_emptied() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        let_tests_empty_the_audit(patch)
        yield


@pytest.fixture
def town(db: None) -> SmallDistrict:
    """Return a small district in the database of the test."""
    return small_district()
