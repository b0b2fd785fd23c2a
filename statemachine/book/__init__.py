"""The order book: what comes in, what it meets there, and what rests."""
