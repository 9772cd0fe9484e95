"""PROMISE: calls are signed and numbers encrypted as each platform documents it."""

import hashlib
from datetime import datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from district.platform_sim.signatures import SCHEMES, Refused
from district.realname.rules.bodies import cell_phone
from district.realname.rules.signers import SIGNERS, PlatformCredentials, SecretError, as_json

CREDENTIALS = PlatformCredentials("app-1", "0123456789abcdef0123456789abcdef")
AT = datetime(2026, 11, 20, 12, 0, 5, 123_000, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_ok__the_national_signature_is_the_documented_one() -> None:
    signed = SIGNERS["national"].signed("Team.Add", '{"teamName":"A 组&="}', AT, "n1", CREDENTIALS)
    text = (
        'appid=app-1&data={"teamname":"a 组&="}&format=json&method=team.add&nonce=n1&timestamp=20261120120005'
        "&version=1.0&appsecret=0123456789abcdef0123456789abcdef"
    )
    assert parse_qs(signed.body.decode())["sign"] == [hashlib.sha256(text.encode()).hexdigest()]
    assert CREDENTIALS.secret not in signed.body.decode()


def test_ok__the_national_encryption_agrees_with_openssl() -> None:
    # printf 110101199003070011 | openssl enc -aes-256-cbc -K $(printf 0123456789abcdef0123456789abcdef | xxd -p -c 64)
    #   -iv $(printf 0123456789abcdef | xxd -p) -base64
    sealed = SIGNERS["national"].encrypt("110101199003070011", CREDENTIALS)
    assert sealed == "Pd0vMXi8duONTDrCFWgg8vB2aSMXgyQOQIsobzrLl1Q="
    assert SIGNERS["national"].decrypt(sealed, CREDENTIALS) == "110101199003070011"


def test_ok__des_opens_the_example_of_the_citys_standard() -> None:
    published = PlatformCredentials("", "8c2da4c769828fcfa77aedb690999cf9")
    number = SIGNERS["md5"].decrypt("des:80cfe03525bb2b8d43d62ff369e95334cd1facfe4bbb800c", published)
    assert number.startswith("511301") and number.endswith("1")  # the standard masks the digits between


def test_ok__the_body_signature_has_the_secret_at_both_ends() -> None:
    signed = SIGNERS["md5-body"].signed("Team.Add", '{"a":1}', AT, "n1", CREDENTIALS)
    secret = CREDENTIALS.secret
    text = f'{secret}api_keyapp-1api_version1.0body{{"a":1}}methodTeam.Addnoncen1timestamp2026-11-20 12:00:05{secret}'
    assert parse_qs(signed.query)["signature"] == [hashlib.md5(text.encode()).hexdigest().upper()]
    assert signed.body == b'{"a":1}'


@pytest.mark.parametrize("name", SIGNERS)
def test_ok__the_platform_opens_what_each_signer_makes(name: str) -> None:
    number = SIGNERS[name].encrypt("110101199003070011", CREDENTIALS)
    data = as_json({"projectCode": "1", "name": "汉 &=+%", "idCardNumber": number})
    signed = SIGNERS[name].signed("Team.Add", data, AT, "n1", CREDENTIALS)
    call = SCHEMES[name].open(signed.query, signed.body, {"app-1": CREDENTIALS.secret}, AT)
    assert call.data["name"] == "汉 &=+%"
    assert SCHEMES[name].open_number(call.data["idCardNumber"], CREDENTIALS.secret) == "110101199003070011"
    back = SCHEMES[name].seal_number("X123", CREDENTIALS.secret)
    assert SIGNERS[name].decrypt(back, CREDENTIALS) == "X123"


@pytest.mark.parametrize("name", SIGNERS)
@pytest.mark.parametrize("minutes", [-11, 11])
def test_fail__a_clock_outside_the_window_is_refused(name: str, minutes: int) -> None:
    signed = SIGNERS[name].signed("Team.Add", "{}", AT, "n1", CREDENTIALS)
    with pytest.raises(Refused, match="timestamp"):
        SCHEMES[name].open(signed.query, signed.body, {"app-1": CREDENTIALS.secret}, AT + timedelta(minutes=minutes))


@pytest.mark.parametrize("name", SIGNERS)
def test_fail__another_secret_or_a_changed_call_is_refused(name: str) -> None:
    signed = SIGNERS[name].signed("Team.Add", '{"a":1}', AT, "n1", CREDENTIALS)
    with pytest.raises(Refused) as refused:
        SCHEMES[name].open(signed.query, signed.body, {"app-1": "f" * 32}, AT)
    assert refused.value.code == -2
    changed = signed.body.replace(b"1%7D", b"2%7D").replace(b"1}", b"2}")
    assert changed != signed.body
    with pytest.raises(Refused) as refused:
        SCHEMES[name].open(signed.query, changed, {"app-1": CREDENTIALS.secret}, AT)
    assert refused.value.code == -2


def test_fail__a_secret_of_a_wrong_length_is_named_without_being_shown() -> None:
    for name, secret in (("national", "short-secret"), ("md5", "short")):
        with pytest.raises(SecretError) as error:
            SIGNERS[name].encrypt("1", PlatformCredentials("a", secret))
        assert secret not in str(error.value)
        assert str(len(secret)) in str(error.value)


def test_fail__a_number_that_does_not_open_is_an_error_and_no_garbage() -> None:
    for name, sealed in (("national", "AAAA"), ("national", "*"), ("md5", "des:00"), ("md5", "des:zz")):
        with pytest.raises(SecretError):
            SIGNERS[name].decrypt(sealed, CREDENTIALS)


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("+8613800138000", "13800138000"),
        ("+8675786200001", "+8675786200001"),
        ("+85251234567", "+85251234567"),
        ("", ""),
    ],
)
def test_ok__a_chinese_mobile_number_goes_as_eleven_digits(number: str, sent: str) -> None:
    assert cell_phone(number) == sent
