"""Crash paths played on the real node, against a leveraged population."""
