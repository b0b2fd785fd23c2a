"""Properties against slow models."""
