"""The tail: vaults, deleveraging, insurance, deficits that are shared, velocity, grace."""
