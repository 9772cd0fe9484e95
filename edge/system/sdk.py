"""Loading what only some gates need: a library that is missing, or that fails while it loads, is told with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

_NUMPY = (
    "numpy.dtype size changed",
    "binary incompatib",
    "multiarray",
    "NumPy 1.x",
    "_ARRAY_API",
    "numpy.ufunc size",
    "version of numpy",
)
"""How a library that was built for another numpy fails: with ValueError, ImportError or others."""


@contextmanager
def loading(what: str, install: str, fault: type[Exception], rebuilt: str = "") -> Iterator[None]:
    """Import within this block. `rebuilt`: the package to install anew when numpy does not fit; `what` itself unless given.

    Raises: `fault`, saying what to do.
    """
    try:
        yield
    except Exception as error:
        raise fault(problem(what, install, error, rebuilt or what)) from error


def problem(what: str, install: str, error: Exception, rebuilt: str) -> str:
    """Why it cannot be loaded, and what to do."""
    text = " ".join(str(error).split()) or type(error).__name__
    if any(sign in text for sign in _NUMPY):
        return f"{what} is built for another numpy ({text}): pip install --ignore-installed --no-deps {rebuilt}"
    if isinstance(error, ModuleNotFoundError):
        return f"{what} is not there ({text}): {install}"
    return f"{what} cannot be loaded ({type(error).__name__}, {text}): install it again: {install}"
