"""Several nodes on one PostgreSQL and one Valkey are hurt in turn under load; then the logs are compared."""
