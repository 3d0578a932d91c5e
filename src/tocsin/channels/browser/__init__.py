"""Push to browsers by their own push services (RFC 8030, 8291, 8292): no account anywhere."""
