"""From a file to settings, with every problem found on the way."""
