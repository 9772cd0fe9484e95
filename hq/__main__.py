"""Start `sitegate-hq`. What HQ needs is the extra [hq]; where it is missing, one sentence says how to install it."""

from common.libraries import extra, loading


def main() -> None:
    """Entry point of the console script."""
    with loading("what HQ needs", extra("hq"), SystemExit):
        from hq.cli import main as command
    command()


if __name__ == "__main__":
    main()
