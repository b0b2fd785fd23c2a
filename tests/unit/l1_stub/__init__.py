"""The L1 stub over its wire: health, reflection, calls, feeds, refusals, reorgs, restarts."""
