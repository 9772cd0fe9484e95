"""What to do about a refusal. The platform's own words stay; these only point to the page where it is mended."""

import re

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{4}\d{7,}[0-9Xx]?(?![0-9A-Za-z])")

_ADVICE: tuple[tuple[re.Pattern[str], StrPromise], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"headImage|照片|头像", _("Invite the worker to take a new photo.")),
        (r"BankC|银行|卡号", _("Compare the bank account on the worker's page.")),
        (r"合同|startDate|endDate", _("Compare the days of the contract on the worker's page.")),
        (r"idCard|证件|身份证", _("Compare the id document on the worker's page.")),
        (r"企业|参建单位|corp", _("Compare the company, its code and its contract on the site.")),
        (r"班组|team", _("Compare the worker's team on the site.")),
        (r"考勤时间|进退场时间", _("Compare the clock of the gate.")),
    )
)
ANYWHERE = _("Correct it on the page of the worker, the team or the company.")
THEN = _("A change goes up by itself. Otherwise send refused ones again.")


def advice(refusal: str) -> str:
    """Say where a refusal is mended, and what happens then."""
    where = next((text for pattern, text in _ADVICE if pattern.search(refusal)), ANYWHERE)
    return f"{where} {THEN}"


def without_numbers(text: str) -> str:
    """Hide numbers of documents, accounts and phones, which the platform may repeat: pages and logs show its words."""
    return _NUMBER.sub(lambda found: f"{found[0][:4]}…", text)
