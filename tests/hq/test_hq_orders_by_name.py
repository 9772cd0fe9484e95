"""Who gives an order, and why, as people type it."""

import pytest

from common.ids import NoId, checked, is_id
from contract.messages import Command
from hq.commands.order_text import OrderRefused, signed_by


@pytest.mark.parametrize(
    ("by", "id_", "why"),
    [
        ("manager-7", "manager-7", "crane at work"),
        ("Zhang San", "Zhang-San", "crane at work (by Zhang San)"),
        ("张三", "hq", "crane at work (by 张三)"),
        ("  José  Núñez ", "Jose-Nunez", "crane at work (by José Núñez)"),
        ("-", "hq", "crane at work (by -)"),
        ("x" * 70, "x" * 64, f"crane at work (by {'x' * 70})"),
        ("[/b] 7", "b-7", "crane at work (by [/b] 7)"),
    ],
)
def test_ok__any_name_gives_an_order_and_is_kept(by: str, id_: str, why: str) -> None:
    assert signed_by(by, " crane  at work ") == (id_, why)
    assert is_id(id_) and Command.model_fields["issued_by"]


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("m", "  "), ("m", "x" * 501), ("张三", "x" * 495)])
def test_fail__nobody_no_reason_or_too_long_a_one(by: str, why: str) -> None:
    with pytest.raises(OrderRefused):
        signed_by(by, why)


@pytest.mark.parametrize("text", ["gate 1", "", "张三", "-x", "x" * 65, "a\n", "[b]"])
def test_fail__no_id(text: str) -> None:
    with pytest.raises(NoId, match="an id has 1 to 64 letters"):
        checked("gate", text)
