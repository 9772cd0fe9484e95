"""Mails of accounts."""

import logging
from smtplib import SMTPException

from django.core.mail import send_mail
from django.utils.translation import gettext as _

from district.accounts.models import User
from district.accounts.registry import LINK_HOURS

_log = logging.getLogger(__name__)


def send_link(account: User, email: str, link: str) -> bool:
    """Send a link. Return False if the mail server does not take it."""
    text = _(
        "Good day %(name)s,\n\nchoose your password here. The link works once, for %(hours)d hours:\n\n%(link)s\n\n"
        "Your user name: %(username)s\nNobody will ask you for this link."
    ) % {"name": account.name, "hours": LINK_HOURS, "link": link, "username": account.username}
    try:
        send_mail(_("Your account"), text, None, [email])
    except (SMTPException, OSError) as error:
        _log.warning("a mail with a link was not sent: %s", type(error).__name__)
        return False
    return True
