"""The mail by which somebody shows that a mailbox is theirs."""

from tocsin.channels.email.house import House
from tocsin.channels.email.letter import SHEETS
from tocsin.channels.email.mail import Mail
from tocsin.core.outcome import Deferred, Delay, Outcome, Refused
from tocsin.core.verification import Hindered, Hindrance

_HOURS = "three days"


def confirmation_of(link: str, house: House) -> Mail:
    """`link` leads to a page with a button: looking at it confirms nothing. The mail names nobody, since anybody may
    have written the mailbox down.
    """
    return Mail(
        subject=f"Is this your mailbox? Confirm it for {house.name}",
        text="\n".join(
            (
                f"This mailbox was given to {house.name}, to be told what is in stock or cheaper.",
                "",
                "If that was you, open this page and press its button:",
                link,
                "",
                f"The link works for {_HOURS}. If it was not you, do nothing: no other mail comes.",
                *(("", *house.postal_address.splitlines()) if house.postal_address else ()),
                "",
            )
        ),
        html=_SHEET.render(link=link, house=house, hours=_HOURS),
    )


def hindrance_of(outcome: Outcome) -> Hindered | None:
    """What an answer to that mail means for whoever waits for it. One whose answer was lost may be there: whoever finds
    none asks again.
    """
    match outcome:
        case Refused(detail=detail):
            return Hindered(Hindrance.NO_SUCH_MAILBOX, detail=detail)
        case Deferred(why=Delay.CREDENTIALS, detail=detail):
            return Hindered(Hindrance.MISCONFIGURED, detail=detail)
        case Deferred(after=after, detail=detail):
            return Hindered(Hindrance.UNAVAILABLE, after, detail)
        case _:
            return None


_SHEET = SHEETS.get_template("confirmation.html")
