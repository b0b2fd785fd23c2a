"""Synthetic traffic of every kind, seeded: what drills and tests execute.

A world of its own: rules, publishers, traders, their agents, and an L1 that
queues deposits and appends entries.  Not a market anyone would trade on: it is
made to reach every handler, to be refused often, and to fill blocks of several
segments.
"""

from prover.traffic.source import Traffic
from prover.traffic.world import START_MS, key_of, traffic_rules

__all__ = ["START_MS", "Traffic", "key_of", "traffic_rules"]
