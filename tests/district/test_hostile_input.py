"""PROMISE: no text and no value that somebody types ends in an error of the program, or runs anywhere."""

import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hostile import RUN, STRANGE, TEXT, forms_with_texts
from two_parts import client_of, role_accounts, two_parts
from url_walk import WalkedPage, every_page

import district
from district.permissions import PERMISSIONS, Role
from district.web.days import DayField

_ORDER = (Role.CLERK, Role.MANAGER, Role.OFFICER, Role.SYSTEM, Role.AUDITOR, Role.GUARD)
PAGES = [page for page in every_page() if page.module.startswith("district.") or page.permissions or page.is_open]


def _visits(clients: dict[Role, Client]) -> Iterator[tuple[WalkedPage, str, Client]]:
    """Return each address with a browser that may open it; two, if one may look and another change."""
    for page in PAGES:
        for permission in dict.fromkeys(page.permissions or (None,)):
            role = next((one for one in _ORDER if permission is None or permission in PERMISSIONS[one]), None)
            if role is not None:
                for address in page.own():
                    yield page, address, clients[role]


def _text(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode("utf-8", "replace") if "html" in answer.get("Content-Type", "") else ""


def _tries(values: dict[str, str], texts: set[str], number: int) -> Iterator[dict[str, Any]]:
    """Return what to send: a hostile text in each text field; then strange values, each field another one."""
    yield values | dict.fromkeys(texts, TEXT)
    yield dict(zip(values, islice(cycle(STRANGE), number, None), strict=False))
    for name in sorted(set(values) - texts)[:2]:
        yield values | {name: STRANGE[(number + len(name)) % len(STRANGE)]}


@pytest.mark.django_db
def test_fail__a_hostile_text_in_any_form_runs_nowhere_and_breaks_nothing() -> None:
    two_parts()
    clients = {role: client_of(user) for role, user in role_accounts().items()}
    found: list[str] = []
    done = set[tuple[str, tuple[str, ...]]]()
    for _page, address, client in _visits(clients):
        for action, values, texts in forms_with_texts(_text(client.get(address))):
            target = urlsplit(urljoin(address, action)).path
            key = (target, tuple(sorted(values)))
            if key in done or "logout" in target or "/2fa/" in target:
                continue
            done.add(key)
            for data in _tries(values, texts, len(done)):
                answer = client.post(target, data)
                if answer.status_code >= 500 or RUN.search(_text(answer)):
                    found.append(f"{target} {answer.status_code} {data!r}"[:300])
    assert len(done) > 40
    assert not found, "\n".join(found)


def test_fail__a_day_without_a_day_after_it_is_refused_by_every_form() -> None:
    """Other programs write 9999-12-31 for "without an end"."""
    for text in ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"):
        with pytest.raises(ValidationError):
            DayField().clean(text)
    sources = Path(district.__file__).parent.rglob("*.py")
    text = re.compile(r"forms\.DateField\(|django_filters\.DateFilter\(")
    others = [path.name for path in sources if text.search(path.read_text("utf-8"))]
    assert others == []
