"""No services."""
