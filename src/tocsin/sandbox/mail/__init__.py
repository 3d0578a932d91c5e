"""Mailboxes on the page, whoever brought what lies in them."""
