"""`python -m edge` is the `sitegate` command."""

from edge.cli import main

main()
