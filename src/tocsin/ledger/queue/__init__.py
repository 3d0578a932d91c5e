"""The queue holds what waits, what is under way and what became of it: the verbs that move deliveries."""
