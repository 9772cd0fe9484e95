"""Every language says everything; a new one is one folder."""

from datetime import timedelta
from importlib import resources

import pytest

from contract.messages import Advice, NoticeCode, Reason
from edge.screen.lane_view import SIGNS
from edge.screen.translations import Label, MissingText, load_all, parse

LANGUAGES = load_all()
FOLDERS = {
    folder.name: {f.name: f.read_text(encoding="utf-8") for f in folder.iterdir()}
    for folder in (resources.files("edge.screen") / "text").iterdir()
}


def test_ok__each_folder_is_a_language_and_english_and_chinese_are_there() -> None:
    assert set(LANGUAGES) == set(FOLDERS)
    assert len({frozenset(files) for files in FOLDERS.values()}) == 1
    assert {"en", "zh"} <= set(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_ok__everything_is_said(code: str) -> None:
    texts = LANGUAGES[code]
    assert set(texts.sign) == set(SIGNS) and set(Advice) <= set(texts.sign)
    assert set(texts.reason) == set(Reason)
    assert set(texts.notice) == set(NoticeCode)
    assert set(texts.label) == set(Label)
    assert "{age}" in texts.label[Label.AGO]
    assert texts.second != code and texts.second in LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_ok__lane_sentences_are_short(code: str) -> None:
    longest = 12 if code == "zh" else 32
    assert max(len(sentence) for sentence in LANGUAGES[code].sign.values()) <= longest


def test_ok__a_new_language_needs_nothing_but_its_folder() -> None:
    words = FOLDERS["en"]["words.toml"].replace('code = "en"', 'code = "fr"').replace("Hold still", "Ne bougez pas")
    assert parse({**FOLDERS["en"], "words.toml": words}, "fr").sign[Advice.HOLD_STILL] == "Ne bougez pas"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('hold_still = "Hold still"\n', ""), r"fr.*\[sign\] lacks hold_still"),
        (('tamper = "Housing opened"\n', ""), r"\[notice\] lacks tamper"),
        (('issued = "issued"', 'isued = "issued"'), "isued"),
        (('"{n} min"', '"minutes"'), r"needs \"\{n\}\""),
        (("[reason]", "[reason"), r"fr"),
        (("pages = ", "# "), r"frame\.toml lacks pages"),
    ],
)
def test_fail__a_gap_in_a_language_is_named(change: tuple[str, str], said: str) -> None:
    with pytest.raises(MissingText, match=f"(?s){said}"):
        parse({name: text.replace(*change) for name, text in FOLDERS["en"].items()}, "fr")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 days"),
    ],
)
def test_ok__ages_are_coarse(seconds: int, words: str) -> None:
    assert LANGUAGES["en"].age(timedelta(seconds=seconds)) == words
