"""The calls about purchases: told one by one, and by the reports of networks."""
