"""Texts by way of Twilio: Programmable Messaging, and Verify for the phones of those who get them."""
