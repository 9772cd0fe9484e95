"""Start `sitegate-district`. What it needs is the extra [district]; where it is missing, one sentence says how to
install it.
"""

from common.libraries import extra, loading


def main() -> None:
    """Entry point of the console script."""
    with loading("what the district needs", extra("district"), SystemExit):
        from district.cli import main as command
    command()


if __name__ == "__main__":
    main()
