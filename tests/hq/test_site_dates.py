"""PROMISE: a worker's dates may differ by site; each site's list carries its own, as every gate reads them."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from import_rig import ImportRig
from site_lists_rig import SiteLists, person
from sqlalchemy import text

from contract.messages import SiteDates
from hq.database.clock import now
from hq.keys import keys
from hq.registry import leaving
from hq.registry.known_workers import known_workers
from hq.registry.leaving import LeavingRefused
from hq.registry.site_dates import dates_text, read_dates

A, B, C = "site-a", "site-b", "site-c"
MAY, JUNE = date(2027, 5, 31), date(2027, 6, 30)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[SiteLists]:
    made = SiteLists(tmp_path, (A, B, C))
    yield made
    made.close()


def _dates(hq: SiteLists, site: str, who: str = "w-1") -> tuple[date | None, ...]:
    one = hq.read(site).workers[who]
    return one.valid_from, one.valid_until, one.training_valid_until


def test_ok__each_sites_list_has_its_own_dates_and_says_nothing_of_other_sites(hq: SiteLists) -> None:
    at_b = SiteDates(site_id=B, valid_until=MAY, training_valid_until=MAY)
    hq.take(person("w-1", A, B, valid_until=JUNE, training_valid_until=JUNE, site_dates=(at_b,)))
    hq.publish()
    assert (_dates(hq, A), _dates(hq, B)) == ((None, JUNE, JUNE), (None, MAY, MAY))
    assert "site_dates" not in hq.read(A).text + hq.read(B).text and str(MAY) not in hq.read(A).text
    hq.take(person("w-1", A, B, valid_until=JUNE, site_dates=(SiteDates(site_id=B, valid_from=MAY),)))
    hq.publish()
    assert (_dates(hq, A), _dates(hq, B)) == ((None, JUNE, None), (MAY, JUNE, None)), "as changes, too"


def test_ok__a_record_of_the_version_before_keeps_its_dates_at_all_sites(hq: SiteLists) -> None:
    hq.take(person("w-1", A, B, valid_until=JUNE))
    with hq.store.write() as db:
        cipher = hq.people.cipher
        held = db.execute(text("SELECT record FROM workers")).scalar_one()
        body = json.loads(cipher.decrypt(bytes(held), "workers/w-1"))
        del body["site_dates"]
        db.execute(
            text("UPDATE workers SET record = :r"), {"r": cipher.encrypt(json.dumps(body).encode(), "workers/w-1")}
        )
    hq.publish()
    assert _dates(hq, A) == _dates(hq, B) == (None, JUNE, None)


def test_ok__templates_of_who_ended_at_one_site_stay_at_the_other(hq: SiteLists) -> None:
    long_ago = now().date() - timedelta(days=60)
    hq.take(person("w-1", A, B, site_dates=(SiteDates(site_id=B, valid_until=long_ago),)))
    hq.publish()
    assert (len(hq.read(A).vectors) > 0, len(hq.read(B).vectors)) == (True, 0)


def test_ok__dates_of_a_site_that_was_left_do_not_come_back_with_it(hq: SiteLists) -> None:
    hq.take(person("w-1", A, B, site_dates=(SiteDates(site_id=B, valid_until=MAY),)))
    leaving.retire(hq.people, ["w-1"], by="o", why="w", site_id=B)
    found = hq.people.find("w-1")
    assert found is not None and (found.sites, found.site_dates) == ((A,), ())


def test_ok__work_ends_at_one_site_on_a_day_and_everywhere_on_a_day(hq: SiteLists) -> None:
    day = now().date() + timedelta(days=10)
    hq.take(person("w-1", A, B, C, site_dates=(SiteDates(site_id=C, valid_until=day - timedelta(days=5)),)))
    leaving.retire(hq.people, ["w-1"], by="o", why="w", site_id=B, last_day=day)
    hq.publish()
    assert [_dates(hq, site)[1] for site in (A, B, C)] == [None, day, day - timedelta(days=5)]
    with pytest.raises(LeavingRefused, match="already"):
        leaving.retire(hq.people, ["w-1"], by="o", why="w", site_id=B, last_day=day + timedelta(days=1))
    last = day - timedelta(days=2)
    leaving.retire(hq.people, ["w-1"], by="o", why="w", last_day=last)
    hq.publish()
    assert [_dates(hq, site)[1] for site in (A, B, C)] == [last, last, day - timedelta(days=5)]
    with hq.store.read() as db:
        (one,) = known_workers(db, hq.people, ["w-1"])
    assert [one.works(last, site) for site in (A, B, C)] == [True, True, False] and one.works(last)


def test_ok__a_sheet_gives_dates_for_a_site_and_its_text_comes_back() -> None:
    said = "site-1 2026-01-05..2026-06-30 2026-12-31; site-2 ..2026-03-31; site-3 2026-04-01.."
    assert dates_text(read_dates(said)) == said
    assert read_dates("site-1 2026-12-31") == (SiteDates(site_id="site-1", training_valid_until=date(2026, 12, 31)),)
    for wrong in ("site-1", "site-1 2026-13-01..", "site-1 ..2026-01-01; site-1 2026-01-01..", "a b c", "x ..31.12.26"):
        with pytest.raises(ValueError):
            read_dates(wrong)


def test_ok__an_import_sets_keeps_and_clears_dates_by_site(tmp_path: Path) -> None:
    keys.init(tmp_path, ("site-1", "site-2"), 1883)
    rig = ImportRig(tmp_path, keys.load(tmp_path))
    head = "worker_id,sites,valid_until,site_dates\n"
    rig.take(rig.file("a.csv", head + 'w-1,"site-1,site-2",2026-12-31,site-2 ..2026-06-30\n'))
    ends = SiteDates(site_id="site-2", valid_until=date(2026, 6, 30))
    assert rig.worker("w-1").site_dates == (ends,)
    rig.take(rig.file("b.csv", "worker_id,valid_until\nw-1,2027-01-31\n"))
    assert rig.worker("w-1").site_dates == (ends,), "the plain date is for all other sites"
    wrong = rig.check(rig.file("c.csv", "worker_id,site_dates\nw-1,site-2 2027-01-01..2026-01-01\n"))
    assert wrong.problem_count == 1
    assert rig.check(rig.file("d.csv", "worker_id,site_dates\nw-1,site-2 next week\n")).problem_count == 1
    rig.take(rig.file("e.csv", "worker_id,site_dates\nw-1,-\n"))
    assert rig.worker("w-1").site_dates == ()
    rig.close()
