"""Push, one channel with two ways: to apps by Firebase, to browsers by their own push services."""
