"""The district's February, played through its pages: declare, screen, warn, trace and train.

Each actor has a browser of its own and sees what the role shows. Nothing here looks into the database.
"""

import re
from datetime import date, timedelta
from pathlib import Path

from django.utils import timezone

from district.demo.browser import Browser, PageError
from district.demo.cast import SITES, id_number_of, name_of
from district.demo.story_steps import StoryActors

SITE, ROOT = SITES[0], "南海示范区"
TRAVELLER, PUPIL, CONFIRMED = 0, 2, 3
"""The numbers of the story's workers: the demonstration's workers A, C and D."""
TRAIN = "G1305"
MEASURES = {
    "declarations": "Workers declare their health and trips before they come to work",
    "screening": "Workers are compared with the key list of the province",
    "tracing": "Contacts of confirmed cases are found and called",
    "quarantine": "Contacts stay apart for two weeks, and get what they need",
}
LEGAL_BASIS = "Law on the Prevention and Treatment of Infectious Diseases, article 12 (demonstration)"


class February:
    """The story. `play` tells each step to the actors' `tell`."""

    def __init__(self, actors: StoryActors, folder: Path) -> None:
        """`folder`: where files to upload are written."""
        self._actors, self._folder = actors, folder
        self._phones: dict[int, str] = {}
        self._today: date = timezone.localdate()

    def play(self) -> None:
        """Play it to its end. Raises PageError where a page refuses."""
        step = self._actors.step
        step("Officer: starts four measures, each with its end", "4 in force", self._start_measures)
        step(
            f"{name_of(TRAVELLER)}: declares the train {TRAIN} on the phone",
            "declared",
            lambda: self._declare(TRAVELLER, "08", "03F"),
        )

    def _start_measures(self) -> str:
        with self._actors.account("officer") as officer:
            for kind, purpose in MEASURES.items():
                officer.open("/emergency/start/")
                ends = self._today + timedelta(days=30)
                given = {"kind": kind, "purpose": purpose, "legal_basis": LEGAL_BASIS, "ends": ends.isoformat()}
                officer.submit("", {**given, "place": _value(officer, "place", ROOT)})
            officer.open("/emergency/")
            return f"{len({link for link in officer.links('/emergency/') if re.search(r'/[0-9]+/$', link)})} in force"

    def _phone_link(self, *workers: int) -> None:
        """Invite workers. The links stay in this story as they would on paper."""
        with self._actors.account("manager") as manager:
            manager.open("/enrolment/")
            chosen = [_value(manager, "pick", name_of(number)) for number in workers]
            manager.submit("/invite", {"pick": chosen})
            for number in workers:
                self._phones[number] = _value(manager, name_of(number), "/i/")

    def _open_phone(self, phone: Browser, number: int) -> None:
        phone.open(self._phones[number])
        phone.submit("", {"answer": id_number_of(number)[-4:]})

    def _declare(self, number: int, carriage: str, seat: str) -> str:
        self._phone_link(number)
        with self._actors.browser() as phone:
            self._open_phone(phone, number)
            phone.open("/me/declare")
            answers = {"health": "well", "contact": "no", "away": "yes", "origin": "420100"}
            day = (self._today - timedelta(days=2)).isoformat()
            trip = {"mode": "train", "day": day, "number": TRAIN, "carriage": carriage, "seat": seat}
            trip |= {"from_area": "420100", "to_area": "440600"}
            phone.submit("", answers | {f"trip-0-{name}": value for name, value in trip.items()})
            if not phone.path().endswith("/me/declared"):
                raise PageError(phone.text()[:600])
            return "declared"


def _value(browser: Browser, field: str, part: str = "") -> str:
    """Return the value of the first field or choice that shows this part. Raises PageError."""
    for one in browser.values(field):
        if one and not one.startswith("-") and part in one:
            return one.partition(" ")[0]
    raise PageError(f"{browser.path()} offers no {field} with {part!r}, only {browser.values(field)}")
