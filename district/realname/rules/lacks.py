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
    CONTRACT_END = "contract_end"
    TRAINING_DAY = "training_day"
    TRAINING_HOURS = "training_hours"
    AMOUNT = "amount"
    ACCOUNT = "account"
    BANK = "bank"
    PAY_ACCOUNT = "pay_account"
    PAY_BANK = "pay_bank"
    GONE = "gone"


MENDED_HERE = frozenset(Lack) - {Lack.COMPANY, Lack.TEAM_NUMBER, Lack.WORKER}
"""What somebody enters here. The others go away when the platform confirms something."""
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
    Lack.CONTRACT_END: _("The contract has no end, and neither has the site: enter one of them."),
    Lack.TRAINING_DAY: _("No day of the training: enter it on the worker's page."),
    Lack.TRAINING_HOURS: _("The site has no hours for trainings: enter them under Connection."),
    Lack.AMOUNT: _("The payroll names no amount: import it with a column for the amount."),
    Lack.ACCOUNT: _("No bank account: enter it on the worker's page."),
    Lack.BANK: _("The platform does not know the worker's bank: write its full name on the worker's page."),
    Lack.PAY_ACCOUNT: _("The site has no wage account: enter it under Connection."),
    Lack.PAY_BANK: _("The platform does not know the bank of the wage account: correct it under Connection."),
    Lack.GONE: _("The registry does not hold this any more. It leaves this list by itself."),
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
    BUSY = "busy"
    CLOCK = "clock"
    CERTIFICATE = "certificate"


TROUBLES: dict[Trouble, StrPromise] = {
    Trouble.AWAY: _("The platform cannot be reached. It is tried again by itself; check the address in district.toml."),
    Trouble.NO_ANSWER: _("The platform did not answer. It is tried again by itself."),
    Trouble.NOT_OURS: _("What answered is not the platform. It is tried again by itself; check the address."),
    Trouble.SIGNATURE: _("The platform refuses the signature or the right: check app id and secret."),
    Trouble.SECRET: _("The secret does not fit the platform's encryption: enter it again."),
    Trouble.SECRET_FILE: _("The file with the secret, which district.toml names, cannot be read."),
    Trouble.BUSY: _("The platform takes no more calls for now. It is tried again by itself."),
    Trouble.CLOCK: _("The platform refuses calls because of their time: set this machine's clock right."),
    Trouble.CERTIFICATE: _(
        "The platform's certificate is not valid, so nothing was sent. Check the address, and that no other machine"
        " answers for it."
    ),
    Trouble.RECONCILIATION: _("The reconciliation did not come to its end. It is tried again by itself."),
}
"""What each says, and what to do."""
