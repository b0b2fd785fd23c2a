"""Recorded markets, fed through the running exchange."""
