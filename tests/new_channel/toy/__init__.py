"""A shop of toys that takes a message into a box, and calls back once somebody has looked into it."""
