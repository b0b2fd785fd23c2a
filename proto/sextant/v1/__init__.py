"""Generated from the definitions beside it; never edited."""
