"""What looks after everything, now and then, and tells operators."""
