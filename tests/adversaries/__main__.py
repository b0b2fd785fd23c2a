"""``python -m tests.adversaries``."""

import sys

from tests.adversaries.table import main

sys.exit(main())
