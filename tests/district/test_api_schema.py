"""PROMISE: no input that the API's description allows or forbids makes it fail, and its answers are as described."""

import pytest
import schemathesis
from api_rig import one_day, token_of
from district_rig import SmallDistrict
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from district.permissions import Role
from district.wsgi import application

SCHEMA = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
OPERATIONS = [one.ok() for one in SCHEMA.get_all_operations()]
NOT_BY_SCHEMA = [CHECKS.get_one("positive_data_acceptance")]
"""A schema cannot say that `from` comes before `to`, or that `after` comes from the page before."""


@pytest.mark.parametrize("mode", GenerationMode)
def test_ok__answers_are_as_described(town: SmallDistrict, mode: GenerationMode) -> None:
    one_day()
    reading, changing = token_of(town, Role.OFFICER), token_of(town, Role.MANAGER)
    few = settings(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for operation in OPERATIONS:

        @few
        @given(case=operation.as_strategy(generation_mode=mode))
        def each(case: Case) -> None:
            token = reading if case.method == "GET" else changing
            headers = {"Authorization": f"Bearer {token}"}
            case.call_and_validate(headers=headers, excluded_checks=NOT_BY_SCHEMA)

        each()


def test_ok__all_routes_are_described() -> None:
    assert len(OPERATIONS) == 16
