"""PROMISE: docs/API.md shows calls that work, and the API answers every question as its description says."""

import re
from pathlib import Path

import pytest
import schemathesis
from api_rig import asked, bearer, token_of
from district_rig import SmallDistrict
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from district.permissions import Role
from district.wsgi import application

PAGE = (Path(__file__).parents[2] / "docs/API.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- a test asks this -->\n```http\nGET /api/v1/(.*)\n```", PAGE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_ok__each_example_of_the_page_is_answered(town: SmallDistrict, client: Client, example: str) -> None:
    answer = asked(client, token_of(town, Role.MANAGER), example)
    assert set(answer) >= {"rows", "cursor"}


def test_ok__the_page_names_every_address(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert all(f"`{path}`" in PAGE for path in paths)
    assert len(EXAMPLES) == 5


def test_ok__the_answers_are_as_described(town: SmallDistrict) -> None:
    secret = token_of(town, Role.MANAGER)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    text = st.sampled_from(["site-1", "site-2", "w-1", "", "\0", "' or 1=1 --", "{{7*7}}", "x" * 5000])

    for operation in [result.ok() for result in schema.get_all_operations()]:

        @given(case=operation.as_strategy(), site=text)
        @hypothesis_settings(
            max_examples=15,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )
        def ask(case: schemathesis.Case, site: str) -> None:
            if "site_id" in (case.query or {}):
                case.query["site_id"] = site
            answer = case.call(headers=bearer(secret))
            assert answer.status_code in (200, 400, 404, 422), (case.as_curl_command(), answer.text)
            if answer.status_code == 200:
                case.validate_response(answer, checks=[response_schema_conformance, content_type_conformance])

        ask()
