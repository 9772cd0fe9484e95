"""PROMISE: the load of a morning is what phones and offices send, and nothing of it stays."""

import json
from itertools import islice

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from district.cases.models import Case
from district.commands.measured_hits import HitWatch
from district.commands.measured_lists import load_lists
from district.declarations import simulation
from district.declarations.models import HealthDeclaration, Trip
from district.emergency.models import EmergencyMeasure
from district.exchange.models import OutboxRow
from district.phones.models import WorkerPhone
from district.screening.models import KeyList


@pytest.mark.usefixtures("town")
def test_ok__phones_declare_as_workers_do_and_all_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    """Every answer is taken, also an abnormal one."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # type: ignore[attr-defined]
    cache.clear()
    monkeypatch.setattr(simulation, "ABNORMAL", 0.3)
    monkeypatch.setattr(simulation, "TRAVELLED", 0.5)
    phones, sent = simulation.opened_phones(5), simulation.answers(3, timezone.localdate())
    for secret, fields in zip(phones.secrets, islice(sent, 5), strict=True):
        phone = Client()
        phone.cookies["sitegate_phone"] = secret
        assert phone.post("/me/declare", fields).status_code == 302
    assert HealthDeclaration.objects.exclude(abnormal="").exists()
    assert Trip.objects.exists() and Case.objects.exists() and OutboxRow.objects.exists()
    assert simulation.closed_phones(phones) == 5
    for model in (HealthDeclaration, Trip, WorkerPhone, EmergencyMeasure, OutboxRow, Case):
        assert not model.objects.exists(), model


@pytest.mark.usefixtures("town")
def test_ok__lists_arrive_and_are_taken_back() -> None:
    found = json.loads(load_lists(0.1, 0.0, 30, 0, list))
    assert (found["lists"], found["rows"]) == (1, 30)
    assert not KeyList.objects.exists()
    assert not EmergencyMeasure.objects.exists()


def test_ok__a_hit_counts_once_at_each_gate_of_its_sites_and_not_before() -> None:
    """A whole list holds everybody of it; changes name whom they hold."""
    watch = HitWatch({"a": frozenset({"g1", "g2"}), "b": frozenset({"g3"})})
    watch.expect({"w-1": ["a"], "w-2": ["a", "b"]}, 100.0)
    watch.note("g1", frozenset({"w-1"}), 99.0)
    watch.note("g1", frozenset({"w-1"}), 101.0)
    watch.note("g1", frozenset({"w-1"}), 105.0)
    watch.note("g2", None, 102.0)
    watch.note("g3", frozenset({"w-9"}), 103.0)
    assert sorted(watch.took) == [1.0, 2.0, 2.0]
    assert set(watch.waiting) == {("w-2", "g1"), ("w-2", "g3")}
    found = watch.figures()
    assert (found["at_gates"], found["not_at_gates"], found["longest_s"]) == (3, 2, 2.0)
