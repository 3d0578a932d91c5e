"""Names and texts that break pages which are put together carelessly."""

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>",
    "</textarea><iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "{name}{0}{__class__}",
    "%s%n%(name)s",
    "&lt;b&gt;&amp;",
    "javascript:alert(1)",
    "Ada\u202ecod.exe",
    "Å\u0301\u0323" * 20,
    "👩\u200d👩\u200d👧 Ünï",
    "'; DROP TABLE contacts; --",
    "x" * 200,
)
