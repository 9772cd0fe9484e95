"""Loads optional libraries. If one is missing or fails to load, the error says what to do."""

import importlib.util
import sys
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
"""Parts of the messages of a library that was built for another numpy. The exception may be of any type."""


def extra(name: str) -> str:
    """Return the command that adds the extra `name` of setup.cfg to this installation."""
    return f"{sys.executable} -m pip install 'sitegate[{name}]'"


@contextmanager
def loading(what: str, install: str, fault: type[BaseException], rebuilt: str = "") -> Iterator[None]:
    """Wrap imports: any failure becomes `fault`, which says what to do.

    Args:
        what: the name of what is missing, for the reader.
        install: how to install it.
        rebuilt: the package to install again if it does not fit numpy; default: `what`.
    """
    try:
        yield
    except Exception as error:
        raise fault(problem(what, install, error, rebuilt or what)) from error


def require(what: str, install: str, fault: type[BaseException], *modules: str) -> None:
    """Check that the top-level `modules` are installed, and load none of them. Raises: `fault`, saying what to do."""
    with loading(what, install, fault):
        for name in modules:
            if importlib.util.find_spec(name) is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def problem(what: str, install: str, error: Exception, rebuilt: str) -> str:
    """Return why it cannot be loaded, and what to do."""
    text = " ".join(str(error).split()) or type(error).__name__
    if any(sign in text for sign in _NUMPY):
        return f"{what} is built for another numpy ({text}): pip install --ignore-installed --no-deps {rebuilt}"
    if isinstance(error, ModuleNotFoundError):
        return f"{what} is not there ({text}): {install}"
    return f"{what} cannot be loaded ({type(error).__name__}, {text}): install it again: {install}"
