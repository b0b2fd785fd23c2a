"""Who signed, and what he may sign for: keys, nonces, agents and their budgets."""
