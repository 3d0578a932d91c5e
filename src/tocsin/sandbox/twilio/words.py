"""What Twilio itself does with a text from a phone (Twilio, "Advanced Opt-Out" and "Default handling of keywords")."""

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "UNSTOP", "YES"})
HELP = frozenset({"HELP", "INFO"})

STOPPED = "You have successfully been unsubscribed. You will not receive any more messages from this number."
STARTED = "You have successfully been re-subscribed to messages from this number."
HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


def keyword(body: str) -> str | None:
    """STOP, START or HELP, where the whole of a message is such a word in any case."""
    word = body.strip().upper()
    return next((name for name, words in (("STOP", STOP), ("START", START), ("HELP", HELP)) if word in words), None)
