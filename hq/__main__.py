"""Start `sitegate-hq`. What HQ needs is the extra [hq]; where it is missing, one sentence says how to install it."""

import sys

from common.libraries import extra, loading


def main() -> None:
    """Entry point of the console script."""
    with loading("what HQ needs", extra("hq"), SystemExit):
        from hq import cli

        cli.program(*sys.argv[1:2])
    cli.main()


if __name__ == "__main__":
    main()
