"""Checking and accusing: derive from L1 data, replay, witness, verdict, challenger."""
