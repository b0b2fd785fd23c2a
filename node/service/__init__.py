"""The gRPC services of a node: admission, queries, streams, health, errors."""
