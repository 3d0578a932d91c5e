"""A mailbox as people write it becomes one that a mail server takes, or is refused with a word on what is wrong."""

from email_validator import EmailNotValidError, validate_email

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import Detail, InvalidMailboxError
from tocsin.core.secret import Secret

_LONGEST = 320  # characters


def mailbox_of(text: str) -> AddressValue:
    """The domain in ASCII (IDNA); look-ups do not tell upper case from lower. Nobody is asked whether it exists.

    Raises InvalidMailboxError.
    """
    plain = text.strip().removeprefix("mailto:")
    if not plain or len(plain) > _LONGEST:
        raise _invalid("there is no address" if not plain else "it is too long")
    try:
        # Providers of bulk mail take no local part beyond ASCII (RFC 6531).
        found = validate_email(plain, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as problem:
        raise _invalid(str(problem).rstrip(".")) from None
    written = f"{found.local_part}@{found.ascii_domain}"
    return AddressValue(
        kind=AddressKind.MAILBOX,
        secret=Secret(written),
        compared=Secret(written.lower()),
        shown=f"{found.local_part[:1]}***@{found.ascii_domain}",
    )


def _invalid(problem: str) -> InvalidMailboxError:
    return InvalidMailboxError(f"this is no mailbox: {problem}", [Detail("address", problem)])
