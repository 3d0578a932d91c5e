"""Discord, simulated: its API, the rules of its forms, its limits, and what stands in its channels."""
