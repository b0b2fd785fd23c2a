"""What a portfolio must keep, and what happens when it does not: from margin to deficits."""
