"""Nodes, and which of them works which lane."""
