"""Settings of all suites."""

import os
import tempfile

from hypothesis import settings

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("sextant", deadline=None, print_blob=True)
settings.load_profile("sextant")

# What clients keep of signed blocks is evidence against who signed them: that of a test's exchange
# is none of the user's, nor the other way round.
STATE_HOME = tempfile.TemporaryDirectory(prefix="sextant-state-")
os.environ["XDG_STATE_HOME"] = STATE_HOME.name
