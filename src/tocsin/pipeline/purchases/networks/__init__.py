"""The affiliate networks, a file each: what their reports call things, and how a row of one is read."""
