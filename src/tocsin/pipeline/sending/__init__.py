"""From a delivery that is due to the word of its provider."""
