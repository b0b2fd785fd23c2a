"""Tests of the node's parts, each alone."""
