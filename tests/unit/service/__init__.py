"""Tests of the gRPC services of a node."""
