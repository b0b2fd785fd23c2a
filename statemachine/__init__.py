"""The rules: a deterministic perpetuals exchange.  No clock, no disk, no float."""
