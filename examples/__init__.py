"""One task per file, each a program of its own.

They find the node through the environment (``SEXTANT_NODE``, or
``SEXTANT_INSTANCE`` for a devnet) and sign with ``SEXTANT_KEY_FILE``; those
that trade need an account with money: run ``deposit.py`` first.
"""
