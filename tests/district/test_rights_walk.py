"""PROMISE: no page, export or form shows or changes anything outside the part of the district that a role has.

Pages are found in the URL conf, rows in the models: what is added later is walked too.
"""

import inspect
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone
from two_parts import FOREIGN, MARK, OWN, client_of, foreign_state, role_accounts, two_parts
from url_walk import WalkedPage, every_page, forms_of

from district.api.models import READABLE
from district.api.tokens import make_token
from district.permissions import PERMISSIONS, Role
from district.places.models import Place

PAGES = every_page()
OURS = [page for page in PAGES if page.module.startswith("district.") or page.permissions or page.is_open]
_NAMES = ("place", "project", "site", "enterprise", "team", "person", "worker", "user", "grid", "employer", "key", "id")
QUERIES = ("", f"?q={MARK}&" + "&".join(f"{name}={FOREIGN}" for name in _NAMES), "?format=csv")
NEEDS_PROOF = (
    "record_read(", "as_file(", "set_bank_account(", "make_token(", "make_endpoint(", "registry.invite(",
    "registry.give(", "registry.new_link(", "registry.set_blocked(", "pay_account", "confirm(one)",
)  # fmt: skip
"""What a stolen session must not do: read or take sensitive fields, move wages, get rights, apply a sheet."""
REFUSED = {403, 404, 405, 410}


def test_ok__each_view_says_who_may_open_it() -> None:
    known = ("allauth.", "ninja.")
    unmarked = [p.route for p in PAGES if p.permissions is None and not p.is_open and not p.module.startswith(known)]
    assert unmarked == []


def test_ok__what_a_stolen_session_must_not_do_asks_for_a_fresh_proof() -> None:
    sources = {p.route: (p, inspect.getsource(inspect.unwrap(p.view))) for p in OURS if p.permissions}
    found = {what: [p for p, source in sources.values() if what in source] for what in NEEDS_PROOF}
    assert all(found.values()), "a name in NEEDS_PROOF is used by no page any more"
    stale = {p.route for pages in found.values() for p in pages if not getattr(p.view, "page_is_fresh", False)}
    assert stale == set()


@pytest.mark.django_db
def test_fail__without_a_sign_in_there_is_nothing() -> None:
    two_parts()
    before, found = foreign_state(), list[tuple[object, ...]]()
    client = Client(raise_request_exception=False)
    for page in OURS:
        for address in (*page.own(), *page.foreign()):
            for answer in (client.get(address), client.post(address)):
                if page.permissions is not None and "/account/login/" not in answer.get("Location", ""):
                    found.append((address, answer.status_code))
                if _shows_too_much(answer, echo=MARK in address) or answer.status_code >= 500:
                    found.append((address, answer.status_code))
    assert not found, _listed(found)
    assert foreign_state() == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_fail__no_role_reaches_the_foreign_part(role: Role) -> None:
    two_parts()
    client = client_of(role_accounts()[role])
    before, found = foreign_state(), list[tuple[object, ...]]()
    forms = set[tuple[str, tuple[tuple[str, str], ...]]]()
    for page in OURS:
        found += _foreign_refused(client, page, role)
        found += _own_shows_no_more(client, page, role, forms)
    for address, fields in sorted(forms):
        answer = client.post(address, dict(fields))
        if answer.status_code >= 500 or _shows_too_much(answer, echo=True):
            found.append(("form", address, answer.status_code))
    assert not found, _listed(found)
    assert foreign_state() == before


@pytest.mark.django_db
def test_fail__no_token_reaches_the_foreign_part() -> None:
    two_parts()
    officer = role_accounts()[Role.OFFICER]
    readable = [permission for permission in READABLE if permission in PERMISSIONS[Role.OFFICER]]
    town = Place.objects.get(pk=OWN - 3)
    _token, secret = make_token(officer, "walk", readable, timezone.now() + timedelta(days=1), place=town)
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    before, found = foreign_state(), list[tuple[object, ...]]()
    routes = [page for page in OURS if page.route.startswith("api/")]
    for page in routes:
        for address in page.foreign():
            answer = client.get(address)
            if answer.status_code not in REFUSED or _shows_too_much(answer, echo=MARK in address):
                found.append((address, answer.status_code))
        for address in page.own():
            for query in QUERIES:
                answer = client.get(address + query)
                if answer.status_code >= 500 or _shows_too_much(answer, echo=MARK in query):
                    found.append((address + query, answer.status_code))
    assert routes
    assert not found, _listed(found)
    assert foreign_state() == before


def _foreign_refused(client: Client, page: WalkedPage, role: Role) -> list[tuple[object, ...]]:
    found = list[tuple[object, ...]]()
    addresses = [] if page.is_open else list(page.foreign())
    if page.permissions and not set(page.permissions) & {None, *PERMISSIONS[role]}:
        addresses = addresses[:1]  # the page itself is closed to the role
    for address in addresses:
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            if answer.status_code not in REFUSED or _shows_too_much(answer, echo=MARK in address):
                found.append((method, address, answer.status_code))
    return found


def _own_shows_no_more(
    client: Client, page: WalkedPage, role: Role, forms: set[tuple[str, tuple[tuple[str, str], ...]]]
) -> list[tuple[object, ...]]:
    found = list[tuple[object, ...]]()
    needed = page.permissions[0] if page.permissions else None
    for address in page.own():
        for query in QUERIES if not page.arguments else QUERIES[:1]:
            answer = client.get(address + query)
            if needed is not None and (needed not in PERMISSIONS[role] or getattr(page.view, "page_is_whole", False)):
                if answer.status_code != 403:
                    found.append(("right", address, answer.status_code))
                break
            if answer.status_code >= 500 or _shows_too_much(answer, echo=MARK in query):
                found.append(("get", address + query, answer.status_code))
            if not query and answer.status_code == 200 and "html" in answer.get("Content-Type", ""):
                for action, fields in forms_of(answer.content.decode()):
                    target = urlsplit(urljoin(address, action)).path if action else address
                    if not target.startswith("/account/") and target != "/language":
                        forms.add((target, tuple(sorted(fields.items()))))
    return found


def _shows_too_much(answer: HttpResponseBase, *, echo: bool = False) -> bool:
    """Look for a text of the foreign part. `echo`: the page repeats what was asked, once or twice."""
    if getattr(answer, "streaming", False):
        text = b"".join(answer).decode("utf-8", "replace")  # type: ignore[arg-type]
    else:
        text = getattr(answer, "content", b"").decode("utf-8", "replace")
    text = text.lower()
    return f"{MARK} " in text if echo else MARK in text


def _listed(found: list[tuple[object, ...]]) -> str:
    return "\n".join(" ".join(str(part) for part in parts) for parts in found)
