"""Whole-world runs in one process, seeded."""
