"""What a node keeps on disk: the journal first, the state behind it, the past beside it."""
