"""Sample files of measures. They are data: nothing publishes them by itself."""

from importlib.resources import files


def sample_districts() -> bytes:
    """Return measures of two districts of 2020, with conditions and answers of the registry."""
    return files(__name__).joinpath("2020-districts.toml").read_bytes()


def sample_2020() -> bytes:
    """Return the measures of February 2020."""
    return files(__name__).joinpath("2020.toml").read_bytes()
