"""Layer 1 as this node meets it: calls out, and what its log, inbox and claims say back."""
