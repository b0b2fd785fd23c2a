"""Checking and accusing: derive blocks from L1 data, replay, find faults, prove them."""
