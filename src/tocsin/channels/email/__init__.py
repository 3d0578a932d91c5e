"""E-mail: how it is configured, and the mail itself, whoever carries it."""
