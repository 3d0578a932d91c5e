"""A mail server, simulated."""
