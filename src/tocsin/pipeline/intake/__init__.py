"""From the bytes of a detection to a decision on disk."""
