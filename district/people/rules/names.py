"""Names of people: how they are written, sorted and found."""

import unicodedata

from django.utils.translation import gettext as _

NAME_MAX = 80
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅●", "·"))
"""Signs that keyboards give for the dot inside names such as 阿卜杜·热合曼."""
_JOINERS = "\u200c\u200d"


class WrongName(ValueError):
    """A name that cannot be stored. The text says what to do."""


def checked_name(text: str) -> str:
    """Return a name without surplus blanks. Raises WrongName."""
    plain = " ".join(unicodedata.normalize("NFKC", text).translate(_DOTS).split())
    if not plain:
        raise WrongName(_("The name is empty: type it."))
    if len(plain) > NAME_MAX:
        raise WrongName(_("The name has more than %(count)d characters: shorten it.") % {"count": NAME_MAX})
    if any(unicodedata.category(sign)[0] == "C" and sign not in _JOINERS for sign in plain):
        raise WrongName(_("The name holds a character that cannot be seen: type it again instead of copying it."))
    if not any(sign.isalpha() for sign in plain):
        raise WrongName(_("The name holds no letter: type the name as on the id document."))
    return plain
