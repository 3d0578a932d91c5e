"""A push service of browsers, simulated, with the browsers that have subscribed there."""
