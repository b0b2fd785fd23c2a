"""The rules, broken on purpose: a suite is trusted for what it catches.

``python -m tests.mutation`` (``make mutants``) applies each breakage of
:mod:`tests.mutation.mutants` to a copy of ``statemachine`` and ``prover`` in a temporary
folder, runs the few tests that ought to notice, and prints what became of it.
The working tree is never touched.  Golden vectors are left out: they notice
everything, and so prove nothing about the tests that explain why.
"""
