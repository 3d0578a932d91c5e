"""What is counted: the ledger is followed, channels are watched by the minute, and questions are answered."""
