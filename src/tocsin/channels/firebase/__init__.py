"""Push to phones and browsers."""
