"""Settings of all suites."""

from hypothesis import settings

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("sextant", deadline=None, print_blob=True)
settings.load_profile("sextant")
