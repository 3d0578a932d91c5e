"""The doors to people: contacts, their addresses and what they have said to it, masked wherever they are shown."""
