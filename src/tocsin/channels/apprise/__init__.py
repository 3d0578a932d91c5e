"""Whatever Apprise knows."""
