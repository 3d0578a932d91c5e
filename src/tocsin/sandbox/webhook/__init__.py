"""Receivers of webhooks, simulated."""
