"""What is missing here before something can go to the platform, and what to do about it."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise


class Lack(StrEnum):
    """One thing that is missing."""

    PROJECT_CODE = "project_code"
    SECRET = "secret"
    COMPANY = "company"
    TEAM = "team"
    TEAM_NUMBER = "team_number"
    DOCUMENT = "document"
    ADDRESS = "address"
    PHONE = "phone"
    NATION = "nation"
    PHOTO = "photo"
    WORKER = "worker"


WHAT_TO_DO: dict[Lack, StrPromise] = {
    Lack.PROJECT_CODE: _("The site has no platform code: enter it on the site's page."),
    Lack.SECRET: _("The secret does not fit the platform's encryption: enter it again."),
    Lack.COMPANY: _("The company is not yet with the platform: it goes first."),
    Lack.TEAM: _("The worker is in no team: choose one on the worker's page."),
    Lack.TEAM_NUMBER: _("The team is not yet with the platform: it goes first."),
    Lack.DOCUMENT: _("No id document: enter it on the worker's page."),
    Lack.ADDRESS: _("No address: enter it on the worker's page."),
    Lack.PHONE: _("No phone number: enter it on the worker's page."),
    Lack.NATION: _("No nationality: enter it on the worker's page."),
    Lack.PHOTO: _(
        "No photo for the platform. It needs the worker's own consent: invite the worker, or enter the worker on the"
        " platform by hand. The next reconciliation finds it."
    ),
    Lack.WORKER: _("The worker is not yet with the platform: it goes first."),
}
