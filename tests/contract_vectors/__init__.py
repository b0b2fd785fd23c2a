"""The golden vectors of single calls: a state before, a call, what it answers and changes.

``python -m tests.l1_vectors`` writes them; ``tests/vectors/l1/README.md`` describes them.
"""
