"""PROMISE: each role finds its first day. Each link opens for that role, and the document says the same."""

from datetime import timedelta
from html import unescape
from pathlib import Path

from district_rig import SmallDistrict
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import override
from two_parts import client_of

from district.emergency import registry as measures
from district.emergency.rules import MeasureKind
from district.overview.first_day import FIRST_DAY, WORKER, steps_of
from district.permissions import ROLE_NAMES, Role
from district.phones.links import make_links

DOCUMENT = (Path(__file__).parents[2] / "docs/FIRST_DAY.md").read_text(encoding="utf-8")


def test_ok__each_step_opens_for_its_role(town: SmallDistrict) -> None:
    """By the rights of each page; an officer opens all of them."""
    for kind in MeasureKind:
        ends = timezone.localdate() + timedelta(days=9)
        measures.start_measure("test", kind, town.root, ends=ends, purpose="Exercise", legal_basis="Article 56")
    for role, user in town.accounts.items():
        steps = steps_of(user, role)
        assert len(steps) >= 5
        needed = [getattr(resolve(step.address).func, "page_permissions", (None,))[0] for step in steps if step.address]
        assert all(permission is None or user.may(permission) for permission in needed), role
    officer, steps = client_of(town.accounts[Role.OFFICER]), steps_of(town.accounts[Role.OFFICER], Role.OFFICER)
    page = unescape(officer.get("/first-day/").content.decode())
    assert all(str(step.title) in page for step in steps)
    assert all(officer.get(step.address, follow=True).status_code == 200 for step in steps if step.address)


def test_ok__a_step_of_a_measure_is_hidden_without_one(town: SmallDistrict) -> None:
    shown = {str(step.title) for step in steps_of(town.accounts[Role.OFFICER], Role.OFFICER)}
    assert "Start a measure, if one is needed" in shown
    assert "Load a key list" not in shown


def test_ok__a_worker_reads_it_on_the_phone(town: SmallDistrict) -> None:
    phone = client_of(town.accounts[Role.GUARD])
    phone.post(f"/i/{make_links('clerk', town.projects[0], [town.people[0]])[0].secret}")
    page = unescape(phone.get("/me/first-day/").content.decode())
    assert all(str(title) in page for title, _text in WORKER)


def test_ok__the_document_says_the_same() -> None:
    with override("en"):
        rows = [(ROLE_NAMES[role], step.title, step.text) for role, steps in FIRST_DAY.items() for step in steps]
        said = [f"**{title}.** {text}" for _role, title, text in rows] + [f"**{t}.** {x}" for t, x in WORKER]
        missing = [text for text in [*said, *(f"## {name}" for name, _t, _x in rows)] if str(text) not in DOCUMENT]
    assert not missing
