"""How the program starts: as `tierops`, and as `python -m tierops`."""

import gc


def main() -> None:
    """Run tierops and exit with one of `errors.Exit`."""
    # A short run makes more objects than it drops, most of them while it imports: collecting garbage in between only
    # costs time.
    gc.set_threshold(100_000)
    from tierops import cli

    cli.main()


if __name__ == "__main__":
    main()
