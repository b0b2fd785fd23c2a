"""Vectors, unit, property, simulation and end-to-end tests."""
