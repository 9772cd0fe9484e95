"""What the tests of the people side share."""

import pytest
from district_rig import SmallDistrict, small_district


@pytest.fixture
def town(db: None) -> SmallDistrict:
    """Return a small district in the database of the test."""
    return small_district()
