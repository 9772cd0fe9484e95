"""The district's February, played through its pages: declare, screen, warn, trace and train.

Each actor has a browser of its own and sees what the role shows. Nothing here looks into the database.
"""

import re
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter
from django.utils import timezone
from PIL import Image

from district.demo.browser import Browser, PageError, Value
from district.demo.cast import SITES, id_number_of, name_of
from district.demo.page_reading import first_row, row_links, shown_at, value_of
from district.demo.story_steps import StoryActors, until, until_form, until_row, until_shown

SITE, ROOT = SITES[0], "南海示范区"
TRAVELLER, PUPIL, CONFIRMED, COMPANION = 0, 2, 3, 4
"""The numbers of the story's workers: the demonstration's workers A, C, D and E."""
TRAIN, LIST_NAME = "G1305", "Key list of the province"
TRAINING = "三级安全教育"
"""The demonstration's people have papers of this training."""
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
        self._case = self._followed = ""
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

        step(
            f"A key list names {name_of(TRAVELLER)}; the officer loads it",
            "1 hit, held at the gate",
            self._load_list,
        )

        self._actors.walk_up("walk-up-refused")
        step(f"The gate refuses {name_of(TRAVELLER)}, and the site's manager is warned", "warned", self._warn)
        step(
            "The site isolates, disinfects and tells; the liaison solves the case",
            "3 tasks proven, resolved",
            self._solve,
        )
        step("The officer confirms and closes the case, and lifts the hit", "closed, lifted", self._close)
        self._actors.walk_up("walk-up-lifted")
        step(
            f"{name_of(CONFIRMED)} and {name_of(COMPANION)}: declare the same train",
            "declared, declared",
            lambda: f"{self._declare(CONFIRMED, '08', '03A')}, {self._declare(COMPANION, '09', '11C')}",
        )
        step(
            f"{name_of(CONFIRMED)} is confirmed; the officer traces contacts",
            "2 by train, others of the site",
            self._trace,
        )
        step("The officer calls one, orders quarantine, and releases", "released", self._follow)
        step(f"{name_of(PUPIL)}: finishes a course on the phone", "passed, with a code for the gate", self._learn)
        self._actors.walk_up("walk-up-proof")
        step(f"{name_of(PUPIL)}: proves it at the gate, by code and face", "completed", self._prove)
        self._actors.walk_up("walk-up-trained")

    def _trace(self) -> str:
        with self._actors.account("officer") as officer:
            officer.open("/tracing/open/")
            officer.submit("", {"who": id_number_of(CONFIRMED), "why": "Confirmed by the hospital (demonstration)"})
            until_row(officer, officer.path(), "/tracing/contacts/")
            contacts = row_links(officer, "/tracing/contacts/")
            by_train = 0
            for link in contacts:  # those with the strongest reason come first
                shown = shown_at(officer, link)
                by_train += TRAIN in shown
                self._followed = link if name_of(COMPANION) in shown else self._followed
                if by_train == 2 and self._followed:
                    break
            return f"{by_train} by train, {'others' if len(contacts) > by_train else 'nobody'} of the site"

    def _follow(self) -> str:
        until = (self._today + timedelta(days=14)).isoformat()
        with self._actors.account("officer") as officer:
            officer.open(self._followed)
            officer.submit("/call/", {"outcome": "well", "note": "No symptoms, stays at home (demonstration)"})
            officer.open(self._followed)
            where = {"place": value_of(officer, "place", ROOT), "at_home": "on", "where": "Dormitory 2, room 301"}
            officer.submit("/quarantine/", {**where, "starts": self._today.isoformat(), "ends": until})
            officer.open("/quarantine/")
            order = first_row(officer, "/quarantine/")
            officer.open(order)
            officer.submit("/visit/", {"temperature": "36.4"})
            officer.open(order)
            officer.submit("/release/", {"outcome": "Healthy, two tests were negative (demonstration)"})
            officer.open(self._followed)
            officer.submit("/release/", {"reason": "Two tests were negative (demonstration)"})
            officer.open(self._followed)
            return "released" if "/release/" not in officer.forms() else officer.text()

    def _learn(self) -> str:
        with self._actors.account("officer") as officer:
            officer.open("/training/courses/add/")
            about = {"title": "Work in the epidemic", "kind": TRAINING, "asked": "1", "proof": "gate"}
            officer.submit("", {**about, "place": value_of(officer, "place", ROOT)})
            course = officer.path()
            officer.open(f"{course}pages/add/")
            officer.submit("", {"title": "Keep apart", "text": "Keep one metre apart. Wear the mask. Wash your hands."})
            officer.open(f"{course}questions/add/")
            officer.submit("", {"text": "How far apart?", "choices": "* One metre\nTen centimetres"})
            officer.open(course)
            officer.submit("/publish/")
        self._phone_link(PUPIL)
        with self._actors.browser() as phone:
            self._open_phone(phone, PUPIL)
            phone.open("/me/courses/")
            mine = first_row(phone, "/me/courses/")
            phone.open(mine)
            phone.submit("")
            phone.submit("")
            question = re.search(r"question-[0-9]+", phone.fields())
            if question is None:
                raise PageError(f"no question is asked: {phone.text()[:600]}")
            phone.submit("", {question[0]: "0"})
            self._actors.show_code(phone.code())
            return "passed, with a code for the gate"

    def _warn(self) -> str:
        with self._actors.account("manager") as manager:
            until(manager, lambda: self._warned(manager), f"a warning about {name_of(TRAVELLER)}")
            return "warned"

    @staticmethod
    def _warned(manager: Browser) -> bool:
        """Say whether a case of a refusal names the traveller. Earlier walk-ups opened others."""
        manager.open("/cases/?kind=risk_at_gate")
        return any(name_of(TRAVELLER) in shown_at(manager, case) for case in row_links(manager, "/cases/"))

    def _prove(self) -> str:
        with self._actors.account("officer") as officer:
            until_shown(officer, "/training/completed/", name_of(PUPIL))
            return "completed"

    def _solve(self) -> str:
        with self._actors.account("liaison") as liaison, self._actors.account("manager") as manager:
            liaison.open("/cases/?kind=hit")
            self._case = case = first_row(liaison, "/cases/")
            liaison.open(case)
            liaison.submit("/assign/", {"owner": value_of(liaison, "owner", "liaison")})
            for number in (1, 2, 3):
                manager.open(case)
                proof: dict[str, Value] = {"said": "Done by the site's safety officer (demonstration)"}
                if f"{case}task/{number}/" not in manager.forms():
                    raise PageError(f"{case} asks for no task {number}: {manager.text()[:600]}")
                with_photo = {"photos": self._photo()} if number < 3 else {}
                manager.submit(f"task/{number}/", proof | with_photo)
            liaison.open(case)
            liaison.submit("/resolve/", {"said": "Isolated and handed to the hospital (demonstration)"})
            left = manager.forms().count(f"{case}task/")
        with self._actors.account("officer") as officer:
            officer.open(case)
            return f"{3 - left} tasks proven, {'resolved' if '/confirm/' in officer.forms() else 'open'}"

    def _close(self) -> str:
        with self._actors.account("officer") as officer:
            officer.open(self._case)
            officer.submit("/confirm/", {"said": "Seen on the spot (demonstration)"})
            officer.open(self._case)
            officer.submit("/close/", {"said": "All done (demonstration)"})
            officer.open(self._case)
            closed = "closed" if "/reopen/" in officer.forms() and "/close/" not in officer.forms() else "open"
            officer.open("/screening/hits/")
            hit = first_row(officer, "/screening/hits/")
            officer.open(hit)
            officer.submit("/lift/", {"why": "The province took the row back (demonstration)"})
            officer.open(hit)
            return f"{closed}, {'in force' if '/lift/' in officer.forms() else 'lifted'}"

    def _photo(self) -> Path:
        """Draw a photo that proves a task."""
        path = self._folder / "proof.jpg"
        Image.new("RGB", (320, 240), "#7aa095").save(path, "JPEG")
        return path

    def _load_list(self) -> str:
        with self._actors.account("officer") as officer:
            officer.open("/screening/lists/new/")
            about: dict[str, Value] = {
                "name": LIST_NAME,
                "source": "Provincial headquarters, letter 2020-17 (demonstration)",
                "legal_basis": LEGAL_BASIS,
                "reason_code": "KEY-LIST",
                "officer": "Zheng Min 0757-8600 0000",
                "ends": (self._today + timedelta(days=14)).isoformat(),
                "file": self._sheet(),
            }
            officer.submit("", about)
            until_form(officer, officer.path(), "/force/")
            officer.submit("/force/")
            until_shown(officer, "/screening/hits/", name_of(TRAVELLER))
            return f"{len(set(row_links(officer, '/screening/hits/')))} hit, held at the gate"

    def _sheet(self) -> Path:
        """Write the list as an office sends it."""
        path = self._folder / "key-list.xlsx"
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet()
            for row, words in enumerate((("姓名", "身份证号"), (name_of(TRAVELLER), id_number_of(TRAVELLER)))):
                for column, word in enumerate(words):
                    page.write_string(row, column, word)
        return path

    def _start_measures(self) -> str:
        with self._actors.account("officer") as officer:
            for kind, purpose in MEASURES.items():
                officer.open("/emergency/start/")
                ends = self._today + timedelta(days=30)
                given = {"kind": kind, "purpose": purpose, "legal_basis": LEGAL_BASIS, "ends": ends.isoformat()}
                officer.submit("", {**given, "place": value_of(officer, "place", ROOT)})
            officer.open("/emergency/")
            return f"{len(set(row_links(officer, '/emergency/')))} in force"

    def end_measures(self) -> str:
        """End all measures on their pages, and wait until their data are erased. Return how many were."""
        with self._actors.account("officer") as officer:
            officer.open("/emergency/")
            measures = sorted(set(row_links(officer, "/emergency/")))
            for one in measures:
                officer.open(one)
                officer.submit("/end/")
            until(officer, lambda: all(self._erased(officer, one) for one in measures), "the erasure of each measure")
            return f"{len(measures)} erased"

    @staticmethod
    def _erased(officer: Browser, measure: str) -> bool:
        """Say whether a measure's page tells three times: until when, ended early, data erased."""
        officer.open(measure)
        return len(re.findall(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", officer.text())) >= 2

    def _phone_link(self, *workers: int) -> None:
        """Invite workers. The links stay in this story as they would on paper."""
        with self._actors.account("manager") as manager:
            manager.open("/enrolment/")
            chosen = [value_of(manager, "pick", name_of(number)) for number in workers]
            manager.submit("/invite", {"pick": chosen})
            for number in workers:
                self._phones[number] = value_of(manager, name_of(number), "/i/")

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
