"""What networks report of purchases, from a file to what the ledger enters."""
