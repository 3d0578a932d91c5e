"""History: what was is read by page and by name, and kept for a time."""
