"""What others must know of e-mail. Nothing is sent there yet."""

from tocsin.channels.sendgrid.settings import Email
from tocsin.channels.spec import Spec

EMAIL = Spec(
    name="email",
    title="E-mail",
    meaning="E-mail by SendGrid.",
    settings=Email,
    named_in=("lists",),
)
