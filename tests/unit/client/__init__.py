"""Tests of the client and of the command line."""
