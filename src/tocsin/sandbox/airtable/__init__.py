"""Airtable, simulated."""
