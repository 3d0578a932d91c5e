"""The forms of what is sent and answered, as OpenAPI and `/docs` tell them: one file for each noun. Every field that is
named is always there, unless its form says otherwise.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms import alert, analytics, channel, delivery, error, operation, people, purchase, token
from tocsin.web.forms.form import Form

__all__ = ["FORMS"]

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        **alert.FORMS,
        **delivery.FORMS,
        **channel.FORMS,
        **operation.FORMS,
        **token.FORMS,
        **people.FORMS,
        **analytics.FORMS,
        **purchase.FORMS,
        **error.FORMS,
    }
)
