"""A course that is ready, phones of workers, and events as gates write them."""

import json
from datetime import datetime
from typing import Any

from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone

from district.people.models import Person
from district.phones.links import make_links
from district.training import registry
from district.training.models import Course
from district.wire import FeedEntry, FeedKind

KIND = "疫情防控培训"


def ready_course(town: SmallDistrict, *, questions: int = 2, **fields: Any) -> Course:
    """Make and publish a course of two pages for the whole district."""
    given = {"title": "Masks", "kind": KIND, "asked": questions, **fields}
    course = registry.make_course("officer", given.pop("place", town.root), **given)
    for title in ("Why", "How"):
        registry.add_page("officer", course, title=title, text="Wear it.")
    for number in range(questions):
        registry.add_question("officer", course, text=f"Question {number}?", choices="* yes\nno\nperhaps")
    return registry.publish("officer", course)


def phone_of(town: SmallDistrict, person: Person) -> Client:
    """Return a worker's phone."""
    phone = Client()
    assert phone.post(f"/i/{make_links('clerk', town.projects[0], [person])[0].secret}").status_code == 302
    return phone


def event(
    session: str, worker_id: str, *, seq: int = 1, step: str = "proof", proven: bool = True, **more: Any
) -> FeedEntry:
    """Return an entry of the feed, as HQ gives a gate's training event on."""
    at: datetime = more.pop("utc", timezone.now())
    site_id, gate_id = more.pop("site_id", "site-1"), more.pop("gate_id", "gate-1")
    body = {"session_id": session, "step": step, "proven": proven, "factors": ["code", "face"], **more}
    return FeedEntry(
        kind=FeedKind.EVENT,
        site_id=site_id,
        gate_id=gate_id,
        line="e1",
        seq=seq,
        type="training",
        worker_id=worker_id,
        utc=at,
        received_utc=at,
        body=json.dumps(body),
    )
