"""A whole network on one machine: L1 stub, publishers, bots, supervisor, story."""
