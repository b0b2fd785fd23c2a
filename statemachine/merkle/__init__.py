"""What a root commits to: one canonical binary tree, its proofs, and how they are read."""
