"""What is right in a record of a person: names, numbers, code tables. Pure."""

from common.pinyin import Letters, letters
from district.people.rules.codes import (
    NATIONS,
    OTHER_TRADE,
    PROVINCES,
    TRADES,
    nation_code,
    nation_name,
    province_name,
    trade_code,
    trade_name,
)
from district.people.rules.likeness import Likeness, likeness
from district.people.rules.names import NAME_MAX, WrongName, checked_name
from district.people.rules.numbers import (
    RESIDENT,
    IdFacts,
    WrongNumber,
    account_number,
    card_number,
    compact,
    hidden,
    id_facts,
    phone_number,
)

__all__ = [
    "NAME_MAX",
    "NATIONS",
    "OTHER_TRADE",
    "PROVINCES",
    "RESIDENT",
    "TRADES",
    "IdFacts",
    "Letters",
    "Likeness",
    "WrongName",
    "WrongNumber",
    "account_number",
    "card_number",
    "checked_name",
    "compact",
    "hidden",
    "id_facts",
    "letters",
    "likeness",
    "nation_code",
    "nation_name",
    "phone_number",
    "province_name",
    "trade_code",
    "trade_name",
]
