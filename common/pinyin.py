"""How a person's name is sorted and found: by its characters, its pinyin and the first letters of that."""

import unicodedata
from dataclasses import dataclass

_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "盖": "ge", "区": "ou", "朴": "piao",
    "翟": "zhai", "覃": "qin", "乐": "yue", "员": "yun", "缪": "miao", "种": "chong", "秘": "bi", "折": "she",
    "黑": "he", "繁": "po", "薄": "bo", "冼": "xian", "洗": "xian", "召": "shao", "隗": "wei", "谌": "chen",
    "宁": "ning", "应": "ying", "句": "gou", "能": "nai", "祭": "zhai", "燕": "yan", "葛": "ge", "牟": "mou",
    "任": "ren", "华": "hua", "沈": "shen", "重": "chong", "尉": "wei", "仉": "zhang", "逄": "pang", "过": "guo",
    "那": "na", "便": "pian", "乜": "nie", "阚": "kan", "钭": "tou", "晁": "chao", "长": "chang", "藏": "zang",
}  # fmt: skip
_DOUBLE_SURNAMES = {"尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "单于": ("chan", "yu"), "澹台": ("tan", "tai")}
"""Surnames that are read in another way than the same character elsewhere."""


@dataclass(frozen=True)
class Letters:
    """The forms by which a name is sorted and found, in small Latin letters where it has a reading."""

    pinyin: str
    """Syllables with blanks: "zhang san"."""
    joined: str
    """Without blanks: "zhangsan"."""
    initials: str
    """First letters: "zs"."""


def letters(name: str) -> Letters:
    """Return the sorting and finding forms of a name."""
    syllables = [part for part in _syllables(name) if part]
    return Letters(
        pinyin=" ".join(syllables)[:160],
        joined="".join(syllables)[:160],
        initials="".join(part[0] for part in syllables)[:40],
    )


def _syllables(name: str) -> list[str]:
    for surname, read in _DOUBLE_SURNAMES.items():
        if name.startswith(surname):
            return [*read, *_read(name[len(surname) :])]
    if name[:1] in _SURNAMES:
        return [_SURNAMES[name[0]], *_read(name[1:])]
    return _read(name)


def _read(text: str) -> list[str]:
    """Return readings of characters; other scripts stay, in small letters without marks."""
    from pypinyin import lazy_pinyin  # a quarter of a second and 40 MB: only where a name is read

    found: list[str] = []
    for part in lazy_pinyin(text):
        plain = "".join(
            sign for sign in unicodedata.normalize("NFKD", part.casefold()) if sign.isalnum() or sign == " "
        )
        found += plain.split()
    return found
