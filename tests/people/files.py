"""Files of people, whole and broken."""

HEADER = b"name,phone,email,zone,tags,consent_at,consent_source,consent_text"

# Ten ways to be broken, each with the word of its error and the column that it names.
BROKEN: tuple[tuple[bytes, str, str], ...] = (
    (b"X,+1 415 CALL ME,,,,,,", "invalid_phone", "phone"),
    (b"X,1.23E+10,,,,,,", "invalid_phone", "phone"),
    (b"X,+1415555,,,,,,", "invalid_phone", "phone"),
    (b"X,+44 7400 123456,,,,,,", "country_not_allowed", "phone"),
    (b"X,,nobody.example.com,,,,,", "invalid_mailbox", "email"),
    (b"X,+14155559999,,Mars/Olympus,,,,", "unknown_zone", "zone"),
    (b"X,+14155559999", "invalid_request", ""),
    (b'"X"y,+14155559999,,,,,,', "invalid_request", ""),
    (b"\xff\xfeX,+14155559999,,,,,,", "invalid_request", ""),
    (b"X,,,,vip,2999-01-01,form,words", "invalid_request", "consent_at"),
)


def person(number: int) -> bytes:
    """One of ten thousand, with a number of their own."""
    whom = b"P%d,+1415555%04d,p%d@example.com,America/New_York" % (number, number, number)
    return whom + b",vip;gpu,2026-01-01,form,I want it"


def broken(number: int) -> tuple[bytes, str, str]:
    return BROKEN[number % len(BROKEN)]


def mixed(many: int, every: int) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """A file of so many rows, and by their number those that are broken: each so many-th."""
    lines, wrong = [HEADER], {}
    for number in range(many):
        if number % every == every - 1:
            line, code, column = broken(number // every)
            wrong[number + 2] = (code, column)
        else:
            line = person(number)
        lines.append(line)
    return b"\n".join(lines) + b"\n", wrong
