"""One module per kind of transaction: READ, CHECKS, EFFECTS, RECEIPT."""
