"""Funds: who may come in and leave, at what price, and what a leader cannot do to them."""
