"""The short lists that operators keep: tokens, monitors, conditions, targets that are disabled."""
