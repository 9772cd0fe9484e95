"""A site with people who have all that the real-name platform asks for, and the simulated platform without network."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import httpx
from district_rig import SmallDistrict
from stdnum.cn import ric, uscc

from district.attendance.models import FeedLine, Passage
from district.config import RealnameConfig
from district.enrolment.models import PlatformPhoto
from district.fields import index_of
from district.people.models import Consent, IdDocument, Person
from district.places.models import Project
from district.platform_sim.platform import AnswerLost, SimPlatform, platform
from district.realname import worker_rounds
from district.realname.connector import Connector
from district.realname.look import LOOK_EVERY
from district.realname.models import PassageUpload, SiteUpload, Upload

SECRET = "0123456789abcdef0123456789abcdef"
DONE = {"CORP done": 1, "COMPANY done": 1, "TEAM done": 1, "WORKER done": 2, "ENTRY done": 2}
"""What a site of two workers uploads, and how it ends."""
_OPEN = (Upload.State.WAITING, Upload.State.SENDING, Upload.State.SENT)
_LOOKED_AGAIN = LOOK_EVERY + timedelta(minutes=2)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Noon in Shanghai."""
PHOTO = b"\xff\xd8\xff\xe0" + b"0" * 1_000


@dataclass
class RealnameRig:
    """One site's uploads against the simulated platform, with a clock of their own."""

    town: SmallDistrict
    project: Project
    sim: SimPlatform
    connector: Connector
    now: datetime = NOW
    on_call: Callable[[], None] = lambda: None
    """Runs when a call arrives, before the platform sees it."""

    @property
    def people(self) -> list[Person]:
        """Return the people of the site."""
        return [p for p in self.town.people if p.assignments.filter(project=self.project).exists()]

    @property
    def site(self) -> SiteUpload:
        """Return the site's connection as it is stored."""
        return SiteUpload.objects.get(project=self.project)

    def passage(self, person: Person, minutes_ago: int, direction: str = "in", *, seq: int | None = None) -> Passage:
        """Store a passage as a phone page does: with a signal."""
        assert person.assignments.exists()
        return Passage.objects.create(
            line=line_of_gate(),
            local=0,
            seq=Passage.objects.count() + 1 if seq is None else seq,
            project=self.project,
            person=person,
            enterprise=self.project.general_contractor,
            utc=self.now - timedelta(minutes=minutes_ago),
            direction=direction,
            granted=True,
            reason="granted",
        )

    def rounds(self, count: int = 40, step: timedelta = timedelta(seconds=10)) -> None:
        """Make rounds while the clock goes on. Once nothing waits and each site was looked at again, no more follow."""
        ends, idle = self.now + count * step, timedelta()
        enough = _LOOKED_AGAIN if step <= timedelta(minutes=1) else count * step
        while self.now < ends and idle < enough:
            busy = worker_rounds.make_round(self.connector, self.now) or Upload.objects.filter(state__in=_OPEN).exists()
            idle = timedelta() if busy else idle + step
            self.now += step
        self.now = ends

    def states(self) -> dict[str, int]:
        """Return how many things there are by kind and state."""
        found: dict[str, int] = {}
        for row in Upload.objects.filter(project=self.project):
            name = f"{Upload.Kind(row.kind).name} {row.state}"
            name += f" {row.refusal}" if row.state == Upload.State.REFUSED else ""
            found[name] = found.get(name, 0) + 1
        return found

    def held(self) -> int:
        """Return how many passages the platform holds."""
        return len(self.sim.projects[self.project.code].attendance)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Carry a call to the platform."""
        self.on_call()
        try:
            status, content = self.sim.answer(request.url.query.decode(), request.content)
        except AnswerLost:
            raise httpx.ReadTimeout("lost") from None
        return httpx.Response(status, content=content, headers={"Date": format_datetime(self.now, usegmt=True)})


def realname_rig(town: SmallDistrict, signer: str = "national", **config: int) -> RealnameRig:
    """Give the first site's people what the platform asks for, and turn its uploads on."""
    project = town.projects[0]
    project.code = "440605202611001"
    project.save()
    for number, enterprise in enumerate(town.enterprises):
        enterprise.uscc = valid_uscc(number)
        enterprise.save()
    settings = RealnameConfig.model_validate(
        {
            "url": "http://platform.test/open.api",
            "signer": signer,
            "calls_per_minute": 6_000,
            "batch_wait_s": 0,
            **config,
        }
    )
    sim = platform(signer, [(project.code, "app-1", SECRET)])
    rig = RealnameRig(town, project, sim, Connector(settings, httpx.Client()))
    rig.connector.client = httpx.Client(transport=httpx.MockTransport(lambda request: rig.answer(request)))
    rig.connector.now = lambda: rig.now
    rig.connector.wait = lambda _s: None
    sim.clock = lambda: rig.now
    SiteUpload.objects.create(
        project=project, enabled=True, app_id="app-1", secret=SECRET, since=date(2026, 11, 1), reconciled=NOW
    )
    for number, person in enumerate(rig.people):
        complete(person, number)
        give_photo(person)
    return rig


def line_of_gate() -> FeedLine:
    """Return the one journal of the rig's gate."""
    return FeedLine.objects.get_or_create(gate_id="gate-1", line="a")[0]


def give_photo(person: Person) -> None:
    """Give a photo for the platform, with its consent."""
    consent = Consent.objects.create(person=person, purpose=Consent.Purpose.PLATFORM_PHOTO, text_version="1")
    PlatformPhoto.objects.create(
        person=person, consent=consent, picture=base64.b64encode(PHOTO).decode(), taken=NOW - timedelta(days=1)
    )


def complete(person: Person, number: int) -> None:
    """Give a person an id document, an address, a phone number and a nationality."""
    id_number = valid_id(number)
    person.address, person.phone, person.nation = "佛山市南海区", "13800000000", "01"
    person.save()
    IdDocument.objects.create(
        person=person, kind="01", number=id_number, number_index=index_of(IdDocument, "number_index", id_number)
    )


def valid_id(number: int) -> str:
    """Return an invented id number with its check digit."""
    text = f"44060519900101{number:03d}"
    return text + ric.calc_check_digit(text + "0")


def valid_uscc(number: int) -> str:
    """Return an invented unified social credit code with its check digit."""
    text = f"91440605MA4W{number:05d}"
    return text + uscc.calc_check_digit(text)


def waiting(rig: RealnameRig) -> int:
    """Return how many passages wait for a batch."""
    return PassageUpload.objects.filter(project=rig.project, upload=None).count()
