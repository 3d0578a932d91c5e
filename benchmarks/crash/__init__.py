"""The service is killed again and again under load; then three logs are compared."""
