"""Nodes that share a ledger on PostgreSQL: their leases, and which of them owns which lane."""
