"""The ``sextant`` command line: parses, calls, prints, and gets out of the way."""
