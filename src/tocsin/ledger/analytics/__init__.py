"""Analytics: what happened is counted by the hour, so that the figures of any period come about by adding."""
