"""Headers of every answer, whichever door it comes from: nothing may run, be guessed, framed or passed on."""

_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# For `uvicorn.Config(headers=…)`: so those that the server makes by itself carry them too.
EVERY_ANSWER: list[tuple[str, str]] = [
    ("content-security-policy", _CONTENT),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
]
