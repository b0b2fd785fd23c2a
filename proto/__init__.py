"""The wire: definitions and the code generated from them."""
