"""Words of the pages about accounts."""

from enum import StrEnum


class SignInWord(StrEnum):
    """Words of the sign-in and its refusals."""

    NO_RIGHT = "no_right"
    NO_RIGHT_TODO = "no_right_todo"
    KEEP = "keep"
    KEEP_NOTE = "keep_note"
    KEPT_NOTE = "kept_note"
