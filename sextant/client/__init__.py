"""The client: one asynchronous core, and a synchronous face over it."""
