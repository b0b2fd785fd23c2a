"""A process as its operator meets it: logs, figures, keys, memory, and the workers below it."""
