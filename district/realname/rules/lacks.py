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


class Trouble(StrEnum):
    """Why nothing of a site goes."""

    AWAY = "away"
    NO_ANSWER = "no_answer"
    NOT_OURS = "not_ours"
    SIGNATURE = "signature"
    SECRET = "secret"
    SECRET_FILE = "secret_file"
    RECONCILIATION = "reconciliation"


TROUBLES: dict[Trouble, StrPromise] = {
    Trouble.AWAY: _("The platform cannot be reached. It is tried again by itself; check the address in district.toml."),
    Trouble.NO_ANSWER: _("The platform did not answer. It is tried again by itself."),
    Trouble.NOT_OURS: _("What answered is not the platform. It is tried again by itself; check the address."),
    Trouble.SIGNATURE: _("The platform refuses the signature or the right: check app id and secret."),
    Trouble.SECRET: _("The secret does not fit the platform's encryption: enter it again."),
    Trouble.SECRET_FILE: _("The file with the secret, which district.toml names, cannot be read."),
    Trouble.RECONCILIATION: _("The reconciliation did not come to its end. It is tried again by itself."),
}
"""What each says, and what to do."""
