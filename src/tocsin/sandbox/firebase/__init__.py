"""Firebase Cloud Messaging, simulated: the exchange of tokens, messages, and the lock screens that they reach."""
