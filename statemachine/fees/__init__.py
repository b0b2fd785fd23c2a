"""Fees: what an order pays, by whom it was sent and when; and who gets a share of it."""
