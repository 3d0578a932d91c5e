"""The history elsewhere: copies for people and for other programs."""
