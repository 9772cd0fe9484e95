"""Sends what is queued, one call after another, and asks what became of it.

A call is made outside of any transaction. Before it the row says `sending`, with a lease; a sender that is killed
leaves it so. The next one cannot know whether the platform has it: it asks, and sends only what is not there. So
everything arrives at least once, and counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from district.realname import results
from district.realname.calls import SiteCalls, key_of, local_day, passages_of
from district.realname.connector import Connector, NoAnswer, credentials_of, district_secret
from district.realname.look import new_batch
from district.realname.models import PassageUpload, SiteUpload, Upload
from district.realname.prepared import Lacking, NotTaken
from district.realname.rules import bodies
from district.realname.rules.answers import PlatformAnswer, Verdict, team_number
from district.realname.rules.lacks import Lack, Trouble
from district.realname.rules.paper_bodies import TOGETHER_MAX, together
from district.realname.rules.signers import SecretError
from district.realname.rules.timing import ASKED_MAX, AWAY_PAUSE, LEASE, RATE_PAUSE, SITE_PAUSE, next_result, next_try

PAGE = 20
_NOT_ASKED = (Upload.Kind.ENTRY, Upload.Kind.EXIT)
"""The platform is not asked for these: sending the same day twice changes nothing there."""


@dataclass
class Sender:
    """Works through the queue of all sites."""

    connector: Connector
    _handled: set[int] = field(default_factory=set)
    """What went together with another one: its turn in this page is over."""

    def page(self, now: datetime) -> int:
        """Handle what is due, at most a page. Return how many things it was."""
        rows = due(now)
        for row in rows:
            site = SiteUpload.objects.select_related("project__place").get(project=row.project_id)
            if row.pk in self._handled or not site.enabled or (site.paused_until and site.paused_until > now):
                continue
            self._handle(row, site, now)
        return len(rows)

    def calls(self, site: SiteUpload) -> SiteCalls:
        """Return the platform from the view of a site. Raises OSError."""
        secret = district_secret(self.connector.config)
        return SiteCalls(self.connector, site, credentials_of(site, self.connector.config, secret))

    def _handle(self, row: Upload, site: SiteUpload, now: datetime) -> None:
        """Do the next thing with one row, and note every kind of failure where the site's page shows it."""
        try:
            calls = self.calls(site)
            if row.state == Upload.State.SENT:
                self._ask_result(row, calls, now)
            elif self._take(row, now) and not (row.unsure and self._is_there(row, calls, now)):
                self._send(row, calls, now)
        except Lacking as error:
            results.blocked(row, error.lack)
        except SecretError:
            results.blocked(row, Lack.SECRET)
            note_trouble(site, Trouble.SECRET, "", None)
        except NotTaken as error:
            self._not_taken(row, site, error.answer, now)
        except NoAnswer as error:
            row.unsure = row.unsure or (error.sent and row.state == Upload.State.SENDING)
            _later(row, now)
            note_trouble(site, error.trouble, error.detail, now + AWAY_PAUSE)
        except OSError as error:
            _later(row, now)
            note_trouble(site, Trouble.SECRET_FILE, error.strerror or "", now + SITE_PAUSE)

    @staticmethod
    def _take(row: Upload, now: datetime) -> bool:
        """Take a row for this sender. A row that another one left while sending is unsure."""
        row.unsure = row.unsure or row.state == Upload.State.SENDING
        mine = Upload.objects.filter(pk=row.pk, state=row.state, next_try=row.next_try)
        row.next_try, row.attempts = now + LEASE, row.attempts + 1
        taken = mine.update(state=Upload.State.SENDING, next_try=row.next_try, attempts=row.attempts, unsure=row.unsure)
        row.state = Upload.State.SENDING
        return bool(taken)

    def _send(self, row: Upload, calls: SiteCalls, now: datetime) -> None:
        prepared = calls.prepare(row)
        row.sent_digest = prepared.digest
        others = self._companions(row, calls, now) if row.group and row.attempts == 1 else []
        rows = [row, *(one for one, _body in others)]
        body = together([prepared.body, *(one for _row, one in others)]) if others else prepared.body
        answer = calls.call(prepared.method, body)
        if answer.verdict is not Verdict.TAKEN:
            if others and answer.verdict is Verdict.REFUSED:
                results.apart(rows, now)
                return
            for one in rows:
                self._not_taken(one, calls.site, answer, now)
            return
        note_trouble(calls.site, None, "", None)
        if calls.site.clock_off_s and not self.connector.clock_off_s:
            SiteUpload.objects.filter(pk=calls.site.pk).update(clock_off_s=0)
        if not answer.serial:
            if prepared.method.endswith((".Add", ".Upload")) and row.kind not in _NOT_ASKED:
                raise NoAnswer(Trouble.NOT_OURS, "requestSerialCode", sent=True)  # so it is asked for
            row.unsure = False
            self._done(row, answer.data, calls, now)
            return
        for one in rows:
            one.unsure = False
            one.state, one.serial, one.asked = Upload.State.SENT, answer.serial, 0
            one.next_try = now + next_result(0)
            one.save()

    def _companions(self, row: Upload, calls: SiteCalls, now: datetime) -> list[tuple[Upload, bodies.Body]]:
        """Take further waiting things of the same group, which go in the same call."""
        found = Upload.objects.filter(
            project=row.project_id,
            kind=row.kind,
            group=row.group,
            enterprise=row.enterprise_id,
            team=row.team_id,
            state=Upload.State.WAITING,
            attempts=0,
            unsure=False,
            next_try__lte=now,
        )
        taken = []
        for one in found.select_related("enterprise", "team__enterprise").order_by("pk")[: TOGETHER_MAX - 1]:
            if not self._take(one, now):
                continue
            self._handled.add(one.pk)
            try:
                prepared = calls.prepare(one)
            except Lacking as error:
                results.blocked(one, error.lack)
                continue
            one.sent_digest = prepared.digest
            taken.append((one, prepared.body))
        return taken

    def _ask_result(self, row: Upload, calls: SiteCalls, now: datetime) -> None:
        result = results.ask(row, calls)
        same = Upload.objects.filter(project=row.project_id, serial=row.serial, state=Upload.State.SENT)
        rows = [row, *same.exclude(pk=row.pk).select_related("enterprise", "team__enterprise")]
        self._handled.update(one.pk for one in rows)
        if result is not None and result.failed and len(rows) > 1:
            results.apart(rows, now)
            return
        for one in rows:
            if result is None and one.asked >= ASKED_MAX:
                results.lost(one, now)
            elif result is None:
                one.asked += 1
                one.next_try = now + next_result(one.asked)
                one.save(update_fields=["asked", "next_try"])
            elif result is not None and not result.failed:
                self._done(one, result.values, calls, now)
            elif result is not None and not self._is_there(one, calls, now):
                results.refused(one, result.text, now)

    @staticmethod
    def _done(row: Upload, values: Mapping[str, Any], calls: SiteCalls, now: datetime) -> None:
        """Note that it is done. A team is of no use without the platform's number for it: ask for it."""
        if row.kind == Upload.Kind.TEAM and row.team and not row.team.platform_number and not team_number(values):
            values = calls.found(row) or {}
            if not team_number(values):
                results.refused(row, "teamSysNo", now)
                return
        results.done(row, values, now)

    def _is_there(self, row: Upload, calls: SiteCalls, now: datetime) -> bool:
        """Ask whether the platform has what may have been sent, or what somebody entered there by hand. Note it."""
        if row.kind == Upload.Kind.ATTENDANCE:
            return row.unsure and self._split_known(row, calls, now)
        if row.uploaded_digest:
            return False
        found = calls.found(row)
        if found is None:
            return False
        row.sent_digest = row.digest if row.kind in (Upload.Kind.TEAM, Upload.Kind.CORP) else "?"
        results.done(row, found, now)
        return True

    @staticmethod
    def _split_known(batch: Upload, calls: SiteCalls, now: datetime) -> bool:
        """Ask which passages of a batch the platform has. Those are done; the others stay in the batch."""
        passages = passages_of(batch, calls.site)
        held = calls.attendance_of(sorted({local_day(facts.local) for _row, facts in passages}))
        there = [row for row, facts in passages if key_of(facts) in held]
        if not there:
            return False
        if len(there) == len(passages):
            results.done(batch, {}, now)
            return True
        with transaction.atomic():
            known = new_batch(there[0], batch.subject_id, now)
            PassageUpload.objects.filter(pk__in=[row.pk for row in there]).update(upload=known)
            results.done(known, {}, now)
        return False

    def _not_taken(self, row: Upload, site: SiteUpload, answer: PlatformAnswer, now: datetime) -> None:
        site.clock_off_s = self.connector.clock_off_s
        site.save(update_fields=["clock_off_s"])
        clock = answer.about_clocks and site.clock_off_s != 0
        if answer.verdict is Verdict.REFUSED and not clock:
            results.refused(row, answer.text, now)
            return
        later = answer.verdict is Verdict.LATER
        pause = RATE_PAUSE if later else SITE_PAUSE
        trouble = Trouble.BUSY if later else Trouble.CLOCK if clock else Trouble.SIGNATURE
        note_trouble(site, trouble, f"{answer.code} {answer.text}", now + pause)
        if row.state == Upload.State.SENDING:
            row.state, row.attempts = Upload.State.WAITING, max(row.attempts - 1, 0)  # this one was not looked at
        row.next_try = now + pause
        row.save()


def due(now: datetime) -> Sequence[Upload]:
    """Return what is due, in the order in which the platform can take it."""
    states = [Upload.State.WAITING, Upload.State.SENDING, Upload.State.SENT]
    running = SiteUpload.objects.filter(Q(paused_until=None) | Q(paused_until__lte=now), enabled=True)
    rows = Upload.objects.filter(state__in=states, next_try__lte=now, project__in=running.values("project"))
    return list(rows.select_related("enterprise", "team__enterprise").order_by("kind", "next_try", "pk")[:PAGE])


def _later(row: Upload, now: datetime) -> None:
    if row.state == Upload.State.SENDING:
        row.state = Upload.State.WAITING
    else:
        row.asked += 1
    row.next_try = now + next_try(max(row.attempts, row.asked))
    row.save()


def note_trouble(site: SiteUpload, trouble: Trouble | None, detail: str, until: datetime | None) -> None:
    """Note on the site why nothing goes; None takes the note away."""
    text, detail = str(trouble or ""), detail[:200]
    if (site.trouble, site.trouble_detail, site.paused_until) != (text, detail, until):
        site.trouble, site.trouble_detail, site.paused_until = text, detail, until
        site.save(update_fields=["trouble", "trouble_detail", "paused_until"])
