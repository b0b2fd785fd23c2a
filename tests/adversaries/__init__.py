"""Named bad actors, what each of them is expected to achieve, and what is left of the world.

An actor does his worst in a small world with a real contract, a real challenger and
honest users; afterwards the world must be as if he had not been there, but for
what he paid.  ``python -m tests.adversaries`` prints the table of all of them.
"""
