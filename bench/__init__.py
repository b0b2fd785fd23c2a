"""The benchmarks, one command to run them all."""
