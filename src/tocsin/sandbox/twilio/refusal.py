"""How Twilio says no: a code, a sentence and a page that explains it (Twilio, "Error and Warning Dictionary")."""

from collections.abc import Mapping

from tocsin.sandbox.exchange import Answer

# The HTTP status is 400 where none is named.
STATUSES: Mapping[int, int] = {
    20003: 401, 20005: 403, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 60202: 429, 60203: 429, 60205: 403,
    60212: 429, 60410: 403,
}  # fmt: skip
MESSAGES: Mapping[int, str] = {
    10001: "Account is not active",
    14107: "Message rate exceeded for the number pair",
    20003: "Authenticate",
    20005: "Account suspended",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21211: "The 'To' number {to} is not a valid phone number.",
    21212: "The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21217: "Phone number does not appear to be valid",
    21401: "Invalid phone number",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number or short code.",
    21608: "The number {to} is unverified. Trial accounts cannot send messages to unverified numbers.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number {sender} has exceeded the maximum number of queued messages",
    21612: "Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' ({sender}) parameters",
    21614: "'To' number {to} is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21620: "Invalid media URL(s)",
    21624: "The 'ValidityPeriod' parameter is not a number from 1 to 36000.",
    21704: "The Messaging Service contains no phone numbers.",
    21705: "The Messaging Service SID is invalid.",
    60200: "Invalid parameter",
    60202: "Max check attempts reached",
    60203: "Max send attempts reached",
    60205: "SMS is not supported by landline phone number",
    60212: "Too many concurrent requests for phone number",
    60410: "Verification delivery attempt blocked",
}


class RefusedError(Exception):
    """Carries the answer out of the checks."""

    def __init__(self, code: int, *, to: str = "", sender: str = "") -> None:
        super().__init__(code)
        words = MESSAGES.get(code, "The message could not be sent").format(to=to, sender=sender)
        status = STATUSES.get(code, 400)
        more = f"https://www.twilio.com/docs/errors/{code}"
        self.answer = Answer.json(
            status, {"code": code, "message": words, "more_info": more, "status": status}, HEADERS
        )


HEADERS: Mapping[str, str] = {"Twilio-Concurrent-Requests": "1", "Twilio-Request-Id": "RQ" + "0" * 32}
