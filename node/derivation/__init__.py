"""L1's log read back: the chain as anyone derives it, and the claims made of it."""
