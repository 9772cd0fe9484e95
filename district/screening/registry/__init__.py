"""Load and withdraw lists, compare them with people, decide hits: each in one transaction, with its audit record."""

from district.screening.registry.decisions import confirm_hit, dismiss_hit, lift_hit, read_row
from district.screening.registry.feeds import (
    FeedUnknown,
    address_key,
    end_feed,
    knows_address,
    make_feed,
    take_message,
)
from district.screening.registry.files import (
    ROWS_AT_ONCE,
    choose_columns,
    choose_sheet,
    is_small,
    keep_file,
    opened_file,
    read_file,
)
from district.screening.registry.lists import (
    AboutKeyList,
    LoadedKeyList,
    add_rule,
    begin_list,
    confirm_list,
    load_list,
    nothing_read,
    put_in_force,
    store_rows,
    withdraw_list,
)
from district.screening.registry.matching import compare_list, compare_people

__all__ = [
    "ROWS_AT_ONCE",
    "AboutKeyList",
    "FeedUnknown",
    "LoadedKeyList",
    "add_rule",
    "address_key",
    "begin_list",
    "choose_columns",
    "choose_sheet",
    "compare_list",
    "compare_people",
    "confirm_hit",
    "confirm_list",
    "dismiss_hit",
    "end_feed",
    "is_small",
    "keep_file",
    "knows_address",
    "lift_hit",
    "load_list",
    "make_feed",
    "nothing_read",
    "opened_file",
    "put_in_force",
    "read_file",
    "read_row",
    "store_rows",
    "take_message",
    "withdraw_list",
]
