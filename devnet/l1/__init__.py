"""The L1 stub: the contract model hosted as a process with blocks and a clock."""
