"""Invented id numbers with a right check digit."""

from stdnum.cn import ric


def id_number(number: int, *, county: str = "440605", birth: str = "19900101", sex: str = "m") -> str:
    """Return an id number of nobody: `number` 0 to 499 makes it another."""
    order = number * 2 + (1 if sex == "m" else 0)
    body = f"{county}{birth}{order:03}"
    return body + ric.calc_check_digit(body + "0")
