"""``python -m sextant`` is the same as ``sextant``."""

import sys

from sextant.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
