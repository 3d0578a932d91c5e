"""People: contacts and their addresses, what they have consented to, and what they want to hear."""
