"""What every role offers: executed blocks, state to read, and a feed of what is new."""
