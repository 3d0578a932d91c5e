"""How much may be written of a person, by whichever door it comes: in a call, or in a file."""

LONGEST_LINE = 200  # characters of a name or an external id
LONGEST_TAG, MOST_TAGS = 80, 50
LONGEST_WORDING = 10_000
LOCALE, LONGEST_LOCALE = r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", 35
