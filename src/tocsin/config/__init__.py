"""The configuration: one frozen object from flags, environment and file, and what follows from it."""
