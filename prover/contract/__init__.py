"""The L1 contract's rules as a pure model: inputs in, outputs out."""
