"""Every English word of the pages for people, and the wording that they consent to."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.wording import Wording
from tocsin.rules.signing_up import SigningUp

# A change of this text is a new version.
_VERSION = "2026-11-a"
_JOIN = (
    "I agree that {name} sends me automated messages about products that are in stock or cheaper, to the phone number"
    " or mailbox that I give here. How many there are depends on what I choose and on what happens in the shops."
    " Message and data rates may apply. Agreeing is no condition of buying anything. I can stop at any time: by"
    " answering STOP to a text (HELP gets help), or by the link in a mail."
)
NOBODY = "this service"

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "skip": "Skip to the content",
        "foot": "A page of {name}. No cookies, nobody else is told, and it is whole without a script.",
        # /join
        "join_title": "Be told first",
        "join_lead": "{name} tells you the moment something is in stock or cheaper.",
        "phone": "Mobile number",
        "phone_hint": "With the country code, like +1 415 555 0101. A code is sent there.",
        "phone_hint_home": "Like (415) 555-0101. A code is sent there.",
        "mailbox": "Email address",
        "mailbox_hint": "A link is sent there.",
        "products": "What do you want to hear of?",
        "products_hint": "Choose none to hear of everything.",
        "consent": "Your consent",
        "join_button": "Sign up",
        "join_after": "You can change everything later, or leave, with one tap.",
        "join_known": "Signed up before? Do the same again to get to your settings.",
        "closed_title": "Nobody can sign up here",
        "closed": "{name} does not take sign-ups on this page. Whoever runs it can put you on the list.",
        "unreachable": "Codes cannot be sent at the moment, so nobody can sign up. Please try again later.",
        "wrong": "Please look at this again",
        "no_address": "Enter a mobile number or an email address.",
        "no_phone": "Enter a mobile number.",
        "no_mailbox": "Enter an email address.",
        "not_agreed": "Tick the box: without your consent nothing may be sent to you.",
        "wording_changed": "The text beside the box has changed. Please read it again, and tick it.",
        "bad_phone": "This is no mobile number that could be told anything. Check it, with its country code.",
        "bad_mailbox": "This is no email address. Check it, please.",
        "bad_country": "Numbers of that country are not taken here.",
        # "tell me on this device", on /join and /me/{token}
        "device": "On this device",
        "device_lead": "Without a number or a mailbox: this browser shows it, also while this page is shut.",
        "device_button": "Tell me on this device",
        "device_asks": "Your browser asks whether you allow it. You can stop it at any time, here or there.",
        "device_denied": "This browser was told to show nothing of this page. Its settings for this site change that.",
        "device_impossible": "This browser cannot show anything of this page. On an iPhone or iPad put the page on your"
        " Home Screen first, and open it there.",
        "device_failed": "That did not work. Please try again in a minute.",
        # /join/{token}
        "sent_title": "Look at your {where}",
        "where_phone": "phone",
        "where_mailbox": "mailbox",
        "where_both": "phone and mailbox",
        "sent_phone": "If {shown} can be told, a text with a code is on its way there.",
        "sent_mailbox": "If {shown} can be told, a mail with a link is on its way there. Open the link to finish.",
        "code": "Code from the text",
        "code_button": "Finish",
        "again_lead": "Nothing there after two minutes?",
        "again_sms": "Send it again",
        "again_call": "Call me instead",
        "again_limit": "Only a few codes a day go to one number, and a mistyped number gets none.",
        "start_again": "Start again",
        "no_code": "Enter the code from the text.",
        "confirm_title": "Is this you?",
        "confirm_lead": "This mailbox was signed up with {name}.",
        "confirm_button": "Yes, tell me",
        "confirm_not": "It was not you? Close this page, and nothing is sent.",
        "over_title": "This link is over",
        "over": "It was used, or is too old, or was cut off on the way.",
        # errors, by their codes
        "error_wrong_code": "That is not the code. Look at the newest text, and try again.",
        "error_code_expired": "That code is too old, or was used. Start again to get a new one.",
        "error_too_many_checks": "Too many wrong codes. Wait ten minutes, and start again.",
        "error_too_many_sends": "Too many codes were sent there today. Try again tomorrow.",
        "error_rate_limited": "Too many tries. Wait a while, please.",
        "error_landline": "That number takes no texts.",
        "error_provider_unavailable": "Codes cannot be checked at the moment. Please try again in a minute.",
        "error_verification_off": "Codes cannot be sent at the moment.",
        "error_not_found": "That is not the code. Look at the newest text, and try again.",
        "error_unknown": "That did not work. Please try again.",
        # /me/{token}
        "me_title": "Your alerts",
        "me_hello": "Hello, {name}",
        "me_about": "From {name}",
        "me_paused": "Paused until {until}. Nothing is sent to you.",
        "me_silent": "Nothing is sent to you: none of your addresses is in use.",
        "addresses": "Where you are told",
        "address_active": "is told",
        "address_unverified": "waits for its code or link",
        "address_suppressed": "stopped",
        "address_dead": "nothing arrives there",
        "address_stop": "Stop",
        "address_again": "Start again",
        "address_remove": "Remove",
        "address_new": "A new number or mailbox?",
        "address_join": "Sign it up",
        "of_address": "{verb} {shown}",
        "wishes": "What you hear of",
        "quiet": "Quiet hours",
        "quiet_hint": "Nothing disturbs you between these times. Leave both empty for none.",
        "quiet_from": "From",
        "quiet_to": "To",
        "quiet_do": "What comes then",
        "quiet_hold": "waits until they are over",
        "quiet_silent": "comes without a sound",
        "quiet_drop": "is left out",
        "zone": "Your time zone",
        "zone_hint": "Like Europe/Berlin. Empty: where your number belongs.",
        "per_day": "At most so many texts a day",
        "per_day_hint": "Empty: as many as there are.",
        "digest": "Mail comes",
        "digest_usual": "at once, and what can wait once a day",
        "digest_daily": "once a day, and at once where it is urgent",
        "digest_never": "at once, each alert by itself",
        "questions": "A mail may ask me now and then what came of an alert",
        "save": "Save",
        "muted": "Muted",
        "mute_until": "until {until}",
        "mute_over": "Hear of it again",
        "pause": "Take a break",
        "pause_for": "For",
        "pause_1": "one day",
        "pause_7": "one week",
        "pause_30": "thirty days",
        "pause_button": "Pause",
        "pause_over": "Go on now",
        "leave": "Leave",
        "leave_lead": "Nothing is sent to you any more, by no way. No code is needed.",
        "stop_all": "Stop everything",
        "data": "What is kept of you",
        "data_lead": "This link may have been passed on. So a code is sent to you first.",
        "export": "Get a copy",
        "erase": "Erase everything",
        "me_expired": "Links to your settings are good for 30 days. Get a new one with a code.",
        "no_way": "No code can be sent to you at the moment. Ask whoever runs {name} to do it for you.",
        "bad_zone": "There is no such time zone. They are named like Europe/Berlin.",
        "bad_wishes": "That could not be saved: {problem}",
        "code_title": "A code, please",
        "code_to": "Where shall the code go?",
        "code_send": "Send a code to {shown}",
        "code_sent": "A code is on its way to {shown}.",
        "back": "Back to your settings",
        "what_export": "To get a copy of what is kept of you.",
        "what_erase": "To erase everything that is kept of you. This cannot be undone.",
        "what_remove": "To remove {shown}.",
        "what_again": "To be told at {shown} again. {wording}",
        "what_renew": "To get a new link to your settings.",
        "do_export": "Get the copy",
        "do_erase": "Erase everything now",
        "do_remove": "Remove it",
        "do_again": "Tell me again",
        "do_renew": "Open my settings",
        "erased_title": "You are forgotten",
        "erased": "Names, numbers, mailboxes and wishes are gone. What is left are codes that nobody can read back:"
        " they keep you from being added again by mistake.",
        # what was done, as the settings say it
        "done_joined": "You are in. From now on you are told.",
        "done_saved": "Saved.",
        "done_paused": "Paused.",
        "done_resumed": "You are told again.",
        "done_stopped": "Stopped. Nothing is sent there any more.",
        "done_left": "Stopped. Nothing is sent to you any more.",
        "done_removed": "Removed.",
        "done_unmuted": "You hear of it again.",
        "done_device": "You are told on this device from now on.",
        "done_again": "You are told there again.",
        "done_renewed": "This is your new link. Keep it to yourself.",
        # /u/{token}
        "unsubscribe_title": "No more mail?",
        "unsubscribe_lead": "One tap, and {shown} gets no mail from {name} any more.",
        "unsubscribe_button": "Unsubscribe",
        "unsubscribed_title": "You are unsubscribed",
        "unsubscribed": "{shown} gets nothing from {name} any more.",
        # /a/{link}
        "in_stock": "In stock",
        "price_drop": "Cheaper",
        "restock_soon": "Soon in stock",
        "back_order": "To be ordered",
        "alert_at": "at {shop}",
        "alert_was": "was {price}",
        "alert_button": "To the shop",
        "alert_detected": "Seen {at}",
        "alert_over": "Sold out since {at}",
        "alert_test": "This is a test. Nothing is for sale.",
        "answer_lead": "What do you say?",
        "answer_bought": "Bought it",
        "answer_useful": "Useful, thanks",
        "answer_too_late": "Too late",
        "answer_not_for_me": "Not for me",
        "said_bought": "Well done. Nothing about it is sent to you for {days} days.",
        "said_bought_by_all": "Well done.",
        "said_useful": "Thank you.",
        "said_too_late": "Thank you: it is counted, so that the next one comes sooner.",
        "said_not_for_me": "Understood. Nothing about it is sent to you any more.",
        "said_not_for_me_by_all": "Understood.",
        "answer_again": "You can change your answer.",
        # /r/{link}
        "link_gone_title": "This link leads nowhere",
        "link_gone": "It may have been cut off on the way, or the alert behind it is older than what {name} keeps.",
        # anywhere
        "gone_title": "This link leads nowhere",
        "gone": "It may have been cut off on the way, or what was behind it is gone.",
        "strange_title": "That came from another page",
        "strange": "For your safety nothing was done. Open the link again, and try it there.",
        "away_title": "Not at the moment",
        "away": "This did not work, and nothing was lost. Please try again in a minute.",
        "unreadable_title": "That could not be read",
        "unreadable": "Go back, and try it again.",
    }
)


def say(key: str, **values: object) -> str:
    return WORDS[key].format_map(values)


def wording(policy: SigningUp) -> Wording:
    """What people agree to: the operator's own text, else ours."""
    text = (policy.wording or _JOIN).replace("{name}", policy.name or NOBODY).strip()
    if policy.wording is None and not policy.name:
        return Wording(_VERSION, text)
    told = Wording("", text)
    return Wording(f"{'own' if policy.wording else _VERSION}-{told.sha256[:8]}", text)
