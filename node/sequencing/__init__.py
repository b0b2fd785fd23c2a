"""Transactions in, acknowledged blocks out: the queue, the core, the disk and the workers."""
