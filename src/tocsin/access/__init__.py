"""Who may come in, by HTTP and by socket alike."""
