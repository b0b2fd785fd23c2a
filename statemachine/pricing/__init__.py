"""Prices that nobody chose: the index and its guards, the mark, the funding rate."""
