"""Poster, claimant and follower over the contract model."""
