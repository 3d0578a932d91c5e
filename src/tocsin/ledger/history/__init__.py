"""What was: reads by page and by name, and how long it is kept."""
