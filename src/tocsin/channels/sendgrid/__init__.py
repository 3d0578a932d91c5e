"""SendGrid, by its Web API v3: one request for up to 1,000 people, and what it says of their mail later."""
