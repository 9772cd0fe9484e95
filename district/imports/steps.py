"""Takes an uploaded sheet from step to step: columns, check, application, end. Pages and the worker use it.

A small sheet goes from step to step while its page waits. It never gets a state that the worker looks for: two would
then do the same step. Every change of a state asks first which state the upload has now.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from common.sheets.refusals import SheetError, SheetUnclear
from district.audit.record import record
from district.imports import checking
from district.imports.importer import Importer
from district.imports.models import ColumnChoice, SheetContent, SheetImport
from district.imports.reading import OpenedSheet, is_small, opened_upload
from district.imports.registry import importers
from district.imports.result import ImportResult
from district.pages import SignedIn
from district.web.clock import is_proven

log = structlog.get_logger()

KEPT = timedelta(hours=24)
"""An upload that nobody applies is dropped after this time."""
ATTEMPTS_MAX = 3
TRIES_MAX = 3
"""Somebody may change a person while a sheet is prepared: then it is prepared again."""
ROWS_AT_ONCE = 500
"""Rows that are applied while the page waits; more are left to the worker."""
GIVEN_UP = gettext_noop("The sheet could not be processed. Split it into smaller ones, and try again.")
SEVERAL_SHEETS = gettext_noop("The workbook has several sheets with content. Choose one.")
State = SheetImport.State
WAITING = (State.TO_CHECK, State.TO_APPLY)
_TO_CHOOSE = (State.COLUMNS, State.CHECKED)
"""A person may choose columns or another sheet."""
_NOT_CONFIRMED = (*_TO_CHOOSE, State.TO_CHECK)
"""Nobody has said that it shall be applied."""


def begin(one: SheetImport) -> None:
    """Look at a new upload, or at another sheet or other columns of it. A big one is left to the worker."""
    one.refusal, one.attempts, one.rows_done = {}, 0, 0
    if is_small(one):
        _check(one, *_TO_CHOOSE)
    else:
        one.state = State.TO_CHECK
        _keep(one, *_TO_CHOOSE)


def choose_columns(one: SheetImport, columns: Mapping[str, str], headings: str) -> None:
    """Take the columns that a person chose, and keep them for the next sheet with these headings."""
    one.columns = dict(columns)
    ColumnChoice.objects.update_or_create(
        user=one.user, subject=one.subject, headings=headings, defaults={"columns": one.columns}
    )
    begin(one)


def confirm(one: SheetImport) -> bool:
    """Apply a checked upload, or let the worker do it. False: it cannot be applied as it stands."""
    if one.state != State.CHECKED:
        return one.state in (State.TO_APPLY, State.APPLIED)  # the second of two clicks
    if one.refusal.get("text", checking.CHANGED) != checking.CHANGED or not result_of(one).may_be_applied:
        return False
    one.refusal, one.attempts, one.rows_done = {}, 0, 0
    if result_of(one).rows <= ROWS_AT_ONCE:
        _apply(one, State.CHECKED)
    else:
        one.state = State.TO_APPLY
        _keep(one, State.CHECKED)
    return True


def drop(one: SheetImport) -> bool:
    """End an upload without applying it, and forget what it holds. False: its application was confirmed."""
    with transaction.atomic():
        SheetImport.objects.filter(pk=one.pk, state__in=_NOT_CONFIRMED).update(state=State.DROPPED, result=b"")
        SheetContent.objects.filter(sheet=one, sheet__state=State.DROPPED).delete()
    one.refresh_from_db()
    return one.state == State.DROPPED


def drop_old() -> bool:
    """Drop uploads that nobody applied. For the worker."""
    now = timezone.now()
    old = SheetImport.objects.filter(state__in=_NOT_CONFIRMED, changed__lt=now - KEPT)[:100]
    for one in old if is_proven(now) else ():
        drop(one)
    return False


def go_on_with_next() -> bool:
    """Do the oldest thing that waits. Return whether there was one. For the worker."""
    one = SheetImport.objects.filter(state__in=WAITING).order_by("made").select_related("user").first()
    if one is None:
        return False
    SheetImport.objects.filter(pk=one.pk).update(attempts=F("attempts") + 1)
    if one.attempts >= ATTEMPTS_MAX:  # it ended the worker before: it may not do so for ever
        was, one.state = one.state, State.CHECKED
        one.refusal = {"text": GIVEN_UP, "values": {}}
        _keep(one, was)
    elif one.state == State.TO_CHECK:
        _check(one, State.TO_CHECK)
    else:
        _apply(one, State.TO_APPLY)
    return True


def result_of(one: SheetImport) -> ImportResult:
    """Return what a checked upload would do."""
    return ImportResult.of_json(cast(str, one.result))


def _check(one: SheetImport, *was: str) -> None:
    """Check an upload. Keep what came out, if it still has one of these states then."""
    one.state, one.refusal = State.CHECKED, {}
    try:
        with opened_upload(one, _importer(one)) as opened:
            if opened.clear:
                result, one.digest = checking.check(_importer(one), opened, _user(one), _progress(one))
                one.result = result.to_json()
            else:
                one.state = State.COLUMNS
    except SheetError as error:
        one.state = State.COLUMNS
        _refuse(one, error)
    _keep(one, *was)


def _apply(one: SheetImport, was: str, tries: int = TRIES_MAX) -> None:
    """Apply an upload that has this state. Another that comes at the same time waits for this one, and does nothing."""
    try:
        with opened_upload(one, _importer(one)) as opened, _writing(one, opened) as write:
            if not _has(one, was):
                one.refresh_from_db()
                return
            result = write()
            details = {"subject": one.subject, "file": one.file_name, "rows": str(result.changing)}
            record(one.user, "import", one, details=details)
            one.state, one.refusal, one.rows_done = State.APPLIED, {}, result.rows
            one.save()
            SheetContent.objects.filter(sheet=one).delete()
    except checking.ChangedSince as error:
        if tries > 1 and error.digest == one.digest:  # what was confirmed would still be done
            _apply(one, was, tries - 1)
            return
        one.state, one.result, one.digest = State.CHECKED, error.result.to_json(), error.digest
        _refuse(one, error)
        _keep(one, was)
    except IntegrityError as error:  # somebody else wrote the same in this moment
        log.warning("import_collided", subject=one.subject, detail=type(error).__name__)
        one.state = State.TO_CHECK
        _keep(one, was)
    except SheetError as error:
        one.state = State.CHECKED
        _refuse(one, error)
        _keep(one, was)


@contextmanager
def _writing(one: SheetImport, opened: OpenedSheet) -> Iterator[Callable[[], ImportResult]]:
    """Prepare the application of an upload, and open the transaction in which it is written."""
    write = checking.apply(_importer(one), opened, _user(one), one.digest)
    with transaction.atomic():
        yield write


def _keep(one: SheetImport, *was: str) -> None:
    """Store an upload, if it still has one of these states; else take what became of it."""
    with transaction.atomic():
        if _has(one, *was):
            one.save()
            return
    one.refresh_from_db()


def _has(one: SheetImport, *states: str) -> bool:
    """Say whether an upload has one of these states, and hold it until the transaction ends."""
    return bool(SheetImport.objects.select_for_update().filter(pk=one.pk, state__in=states).values_list("pk"))


def _refuse(one: SheetImport, error: SheetError) -> None:
    values = {key: str(value) for key, value in error.values.items()}
    if "file" in values:
        values["file"] = one.file_name
    one.refusal = {"text": error.text, "values": values}
    if isinstance(error, SheetUnclear):
        one.refusal = {"text": SEVERAL_SHEETS, "values": {}, "sheets": error.names}


def _progress(one: SheetImport) -> checking.Progress:
    def done(rows: int) -> None:
        SheetImport.objects.filter(pk=one.pk).update(rows_done=rows)

    return done


def _importer(one: SheetImport) -> type[Importer]:
    return importers()[one.subject]


def _user(one: SheetImport) -> SignedIn:
    return cast(SignedIn, one.user)
