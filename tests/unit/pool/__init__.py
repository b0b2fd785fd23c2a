"""The lending pool: rates, interest, shares, what a loan asks for, and who bears a loss."""
