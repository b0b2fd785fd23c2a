"""The wire of Sextant, by version."""
