"""PROMISE: the examples of docs/API.md work as they stand there."""

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api_rig import asked, bearer, one_day, token_of
from district_rig import SmallDistrict
from django.test import Client
from standardwebhooks import Webhook as Signer

from district.api.models import WebhookEndpoint
from district.api.schemas import PassageOut
from district.permissions import Role

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "API.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def token(town: SmallDistrict) -> str:
    one_day()
    return token_of(town, Role.OFFICER)


def test_ok__each_command_answers(token: str, town: SmallDistrict, client: Client) -> None:
    changing = token_of(town, Role.MANAGER)
    commands = examples("sh")
    assert len(commands) == 5
    for command in commands:
        words = shlex.split(command)
        assert words[:4] == ["curl", "-s", "-H", "Authorization: Bearer $TOKEN"]
        address = words[4].removeprefix("$DISTRICT")
        method, body = (words[6], words[-1]) if "-d" in words else ("GET", "")
        answer = client.generic(
            method, address, body, content_type="application/json", headers=bearer(changing if body else token)
        )
        assert answer.status_code == 200, (command, answer.content)


def test_ok__the_answer_is_as_shown(token: str, client: Client) -> None:
    shown, message = map(json.loads, examples("json"))
    answer = asked(client, token, "sites?limit=1")
    assert shown["rows"] == answer["rows"]
    assert set(shown) == set(answer)
    assert set(message["data"][0]) == set(PassageOut.model_fields)


def test_ok__the_code_works(token: str, client: Client) -> None:
    names: dict[str, Any] = {}
    for code in examples("python"):
        exec(code, names)

    class Session:
        def get(self, address: str, params: dict[str, str]) -> Any:
            answer: Any = client.get(f"/api/v1{address}", params, headers=bearer(token))
            answer.raise_for_status = lambda: None
            return answer

    assert len(list(names["rows_of"](Session(), "/people", limit=3))) == 8
    secret, body, now = "whsec_" + "a" * 32, examples("json")[1], datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign("msg_1", now, body),
    }
    assert names["receive"](secret, headers, body)[1][0]["worker_id"] == "w-1"


def test_ok__each_route_is_on_the_page(client: Client) -> None:
    for path, methods in client.get("/api/v1/openapi.json").json()["paths"].items():
        plain = path.removeprefix("/api/v1")
        for method in methods:
            assert f"`{plain}`" in TEXT if method == "get" else f"`{method.upper()} {plain}`" in TEXT, path


def test_ok__each_kind_of_event_is_on_the_page() -> None:
    for event in WebhookEndpoint.Event:
        assert f"| `{event.value}` |" in TEXT
