"""PROMISE: a site's page says what is uploaded, what is refused and why; nobody sees or changes another's uploads."""

import pytest
from district_rig import SmallDistrict
from django.test import Client
from realname_rig import SECRET, RealnameRig, realname_rig
from two_parts import client_of

from district.audit.models import Entry
from district.config import RealnameConfig
from district.enrolment.models import PlatformPhoto
from district.permissions import Role
from district.realname.models import SiteUpload, Upload


@pytest.fixture
def rig(town: SmallDistrict, settings: object) -> RealnameRig:
    """Return the first site, ready to upload, with a platform in the settings."""
    made = realname_rig(town)
    settings.REALNAME = made.connector.config  # type: ignore[attr-defined]
    return made


def test_ok__the_site_page_names_what_is_missing_and_what_was_refused(rig: RealnameRig, client: Client) -> None:
    first, second = rig.people
    PlatformPhoto.objects.filter(person=first).delete()
    rig.rounds(20)
    rig.passage(second, -60 * 24)
    rig.rounds(20)
    client.force_login(rig.town.accounts[Role.MANAGER])
    text = client.get(f"/uploads/{rig.project.pk}/").content.decode()
    assert "No photo for the platform" in text
    assert "考勤时间大于当前时间" in text
    assert first.name in text and second.name in text
    listed = client.get("/uploads/").content.decode()
    assert "to be mended" in listed
    assert "Site 2" not in listed
    chinese = client.get(f"/uploads/{rig.project.pk}/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "没有用于平台的照片" in chinese


def test_ok__an_account_without_people_sees_no_names(rig: RealnameRig, client: Client) -> None:
    PlatformPhoto.objects.all().delete()
    rig.rounds(20)
    client.force_login(rig.town.accounts[Role.SYSTEM])
    text = client.get(f"/uploads/{rig.project.pk}/").content.decode()
    assert rig.people[0].worker_id in text
    assert rig.people[0].name not in text
    answer = client.get(f"/uploads/{rig.project.pk}/?format=csv")
    assert answer.status_code == 403


def test_ok__refused_things_go_again(rig: RealnameRig, client: Client) -> None:
    rig.rounds(20)
    rig.passage(rig.people[0], -60)
    rig.rounds(20)
    assert Upload.objects.filter(state=Upload.State.REFUSED).count() == 1
    client.force_login(rig.town.accounts[Role.MANAGER])
    rig.now = rig.now.replace(hour=10)
    assert client.post(f"/uploads/{rig.project.pk}/again").status_code == 302
    rig.rounds(20)
    assert rig.held() == 1
    assert Entry.objects.filter(action="realname.again").count() == 1


def test_ok__a_secret_is_written_and_never_shown(rig: RealnameRig, client: Client) -> None:
    SiteUpload.objects.all().delete()
    client = client_of(rig.town.accounts[Role.MANAGER])
    address = f"/uploads/{rig.project.pk}/settings"
    data = {"enabled": "on", "app_id": "app-1", "new_secret": SECRET, "since": "2026-11-01"}
    assert client.post(address, data).status_code == 302
    assert rig.site.secret == SECRET
    assert SECRET not in client.get(address).content.decode()
    assert client.post(address, data | {"new_secret": ""}).status_code == 302
    assert rig.site.secret == SECRET
    entry = Entry.objects.filter(action="realname.settings").order_by("utc").first()
    assert entry is not None
    assert SECRET not in str(entry.details)
    assert "secret" in entry.details["fields"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"new_secret": "too short"}, "32 characters"),
        ({"new_secret": ""}, "Without a secret"),
        ({"since": "2999-01-01"}, "earlier day"),
        ({"since": "yesterday"}, "valid date"),
        ({"app_id": "x" * 41}, "at most 40"),
    ],
)
def test_fail__a_wrong_connection_is_refused_whole(
    rig: RealnameRig, client: Client, changed: dict[str, str], says: str
) -> None:
    SiteUpload.objects.all().delete()
    client = client_of(rig.town.accounts[Role.MANAGER])
    data = {"enabled": "on", "app_id": "app-1", "new_secret": SECRET, "since": "2026-11-01"} | changed
    answer = client.post(f"/uploads/{rig.project.pk}/settings", data)
    assert says in answer.content.decode()
    assert not SiteUpload.objects.exists()


def test_fail__a_site_without_a_code_is_not_turned_on(rig: RealnameRig, client: Client) -> None:
    rig.project.code = ""
    rig.project.save()
    client = client_of(rig.town.accounts[Role.MANAGER])
    data = {"enabled": "on", "new_secret": SECRET, "since": "2026-11-01"}
    assert "no platform code" in client.post(f"/uploads/{rig.project.pk}/settings", data).content.decode()


@pytest.mark.parametrize("role", Role)
def test_fail__another_site_is_not_found_and_nothing_is_changed_without_the_right(
    rig: RealnameRig, client: Client, role: Role
) -> None:
    rig.rounds(10)
    client = client_of(rig.town.accounts[role])
    other, before = rig.town.projects[3], rig.site
    may_see_all = role in (Role.SYSTEM, Role.OFFICER, Role.AUDITOR)
    theirs = role is Role.CLERK and other.general_contractor == rig.town.enterprises[0]
    seen = client.get(f"/uploads/{other.pk}/").status_code
    assert seen == (200 if may_see_all or theirs else 404 if role is Role.MANAGER else 403)
    for page in ("settings", "again", "reconcile"):
        answer = client.post(f"/uploads/{other.pk}/{page}", {"enabled": "", "since": "2026-11-01"})
        allowed = role is Role.SYSTEM
        assert answer.status_code == (302 if allowed else 404 if role is Role.MANAGER else 403)
    assert client.get(f"/uploads/{rig.project.pk}/again").status_code in (403, 404, 405)
    assert rig.site.enabled == before.enabled


def test_ok__without_a_platform_the_page_says_what_to_do(town: SmallDistrict, client: Client, settings: object) -> None:
    settings.REALNAME = RealnameConfig()  # type: ignore[attr-defined]
    client.force_login(town.accounts[Role.OFFICER])
    assert "district.toml" in client.get("/uploads/").content.decode()
