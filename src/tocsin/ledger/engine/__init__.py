"""The database of a ledger: its connections, its one writer, its tables."""
