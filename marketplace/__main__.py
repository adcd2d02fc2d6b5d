"""`python -m marketplace`, and the `marketplace` command."""

import gc
from importlib import import_module


def main() -> None:
    """Run the command.

    Nearly all that is imported stays to the end: looking for garbage among it takes a sixth of the
    start, and a while of each full collection afterwards.
    """
    gc.disable()
    cli = import_module("marketplace.cli")
    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
