"""Twilio, simulated: texts with their lives and signed callbacks, phones that write back, and Verify."""
