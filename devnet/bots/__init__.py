"""Bots that make a devnet's markets move: makers that quote, takers that take."""
