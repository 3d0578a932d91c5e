"""SendGrid, simulated: mails with their lives and signed events, suppressions, credits."""
