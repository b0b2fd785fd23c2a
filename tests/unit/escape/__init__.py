"""The escape: who stops an exchange, what is owed then, and what everybody is paid."""
