"""Orders that act later: asleep, in slices, in brackets, or behind a switch."""
