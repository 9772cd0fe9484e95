"""The district of the kill tests, in a process of its own: kills_district.py setup|check FOLDER ARGUMENTS.

`setup` makes the database with people and signed-in managers, and prints JSON for the load. `check` compares what is
stored with the events and with the pages' answers, and prints what is wrong.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from kills_oracle import expected

from district.commands.context import opened


def setup(people_per_site: int) -> dict[str, Any]:
    """Make a small district. Return its sites: a cookie of the manager, keys of the site and its people."""
    from district_rig import small_district
    from django.core.management import call_command
    from two_parts import client_of

    from district.exchange import outbox
    from district.exchange.models import OutboxRow
    from district.permissions import Role

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    town = small_district(people_per_site)
    outbox.put_all(OutboxRow.Kind.SITE, [project.site_id for project in town.projects])
    outbox.put_all(OutboxRow.Kind.WORKER, [person.worker_id for person in town.people])
    sites = []
    for project in town.projects:
        client = client_of(town.account(Role.MANAGER, place=project.place))
        people = [p for p in town.people if p.assignments.filter(project=project).exists()]
        sites.append(
            {
                "site": project.site_id,
                "cookie": client.cookies["sessionid"].value,
                "project": project.pk,
                "enterprise": project.general_contractor_id,
                "people": {person.worker_id: person.pk for person in people},
            }
        )
    return {"sites": sites}


def check(events: Path, answers: dict[str, Any]) -> list[str]:
    """Say what is lost, twice, or half done."""
    return [*_attendance(events), *_pages(answers), *_outgoing(), *_audit()]


def _attendance(events: Path) -> list[str]:
    from district.attendance.models import Day, Passage, Stay
    from district.attendance.models.projections import INSIDE
    from district.exchange.models import FailedEntry, FeedPosition

    wanted = expected(events)
    found = {
        "passages": Counter(Passage.objects.values_list("line__gate_id", "seq")),
        "stays": Counter(
            (who, came.timestamp(), left and left.timestamp())
            for who, came, left in Stay.objects.values_list("person__worker_id", "came", "left")
        ),
        "days": Counter(Day.objects.values_list("person__worker_id", "date", "seconds")),
        "inside": Counter(Stay.objects.filter(INSIDE).values_list("person__worker_id", flat=True)),
    }
    wrong = [
        f"{name}: {sum((mine - found[name]).values())} lost, {sum((found[name] - mine).values())} too many"
        for name, mine in wanted.items()
        if mine != found[name]
    ]
    wrong += [f"set aside: {row.error}" for row in FailedEntry.objects.all()]
    error = FeedPosition.objects.get().error
    return [*wrong, *([f"the feed says {error}"] if error else [])]


def _pages(answers: dict[str, Any]) -> list[str]:
    """Compare people with what the pages answered. A request that got no answer may have been done wholly, or not."""
    from district.audit.models import Entry
    from district.exchange.models import OutboxRow
    from district.people.models import Person

    wrong = []
    for worker_id, one in answers["changed"].items():
        person = Person.objects.get(worker_id=worker_id)
        entries = Entry.objects.filter(subject_kind="people.person", subject_id=str(person.pk), action="change").count()
        if not one["acked"] <= entries <= one["asked"]:
            wrong.append(f"{worker_id}: {entries} changes are recorded, {one['acked']} answered of {one['asked']}")
        if one["acked"] and person.name not in one["last"]:
            wrong.append(f"{worker_id}: is named {person.name}, not one of {one['last']}")
        if OutboxRow.objects.filter(subject=worker_id).count() <= entries:
            wrong.append(f"{worker_id}: a change is not in the outbox")
    for name, acked in answers["added"].items():
        people = list(Person.objects.filter(name=name))
        if len(people) > 1 or (acked and not people):
            wrong.append(f"{name}: there are {len(people)}")
        wrong += [f"{name}: {text}" for person in people for text in _half_added(person)]
    return wrong


def _half_added(person: Any) -> list[str]:
    from district.audit.models import Entry
    from district.exchange.models import OutboxRow
    from district.people.models import PersonScope

    parts = {
        "documents": person.documents.count(),
        "assignments": person.assignments.count(),
        "employments": person.employments.count(),
        "scopes": min(1, PersonScope.objects.filter(person=person).count()),
        "outbox": min(1, OutboxRow.objects.filter(subject=person.worker_id).count()),
        "audit": min(1, Entry.objects.filter(subject_kind="people.person", subject_id=str(person.pk)).count()),
    }
    return [f"{count} {part}" for part, count in parts.items() if count != 1]


def _outgoing() -> list[str]:
    """Compare HQ's people with the district's."""
    from district.exchange.door import hq_door
    from district.exchange.models import OutboxRow
    from district.exchange.present import workers_for_hq
    from district.people.models import Person
    from district.wire.written import differs, written

    door, ids = hq_door(), sorted(Person.objects.values_list("worker_id", flat=True))
    waiting = OutboxRow.objects.filter(done=None).count()
    with door._store.read() as db:
        held, known = door._people.records(db, ids), door._people.directory.of(db, ids)
    ours = workers_for_hq(ids)
    wrong = [
        one.worker_id
        for one in ours
        if differs(written(one, held.get(one.worker_id)), held.get(one.worker_id), known.get(one.worker_id))
    ]
    found = [f"{waiting} changes wait for HQ"] if waiting else []
    found += [f"HQ has another state of {', '.join(wrong)}"] if wrong else []
    return [*found, *([f"HQ knows {len(held)} of {len(ours)}"] if len(held) != len(ours) else [])]


def _audit() -> list[str]:
    from district.audit import check as audit
    from district.audit import heads

    path = heads.file_of_heads()
    kept = heads.read(path.read_text()) if path is not None and path.exists() else {}
    return [f"audit: {problem.text}" for problem in audit.check(kept).problems]


if __name__ == "__main__":
    opened(Path(sys.argv[2]))
    if sys.argv[1] == "setup":
        print(json.dumps(setup(int(sys.argv[3]))))
    else:
        print(json.dumps(check(Path(sys.argv[3]), json.loads(Path(sys.argv[4]).read_text()))))
