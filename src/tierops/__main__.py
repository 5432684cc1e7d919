"""`python -m tierops`."""

from tierops.cli import main

main()
