"""A purchase: something was bought, as a shop, a network or the person who bought it tells it."""

from enum import StrEnum

OF_PERSONS = "bought"
"""The source of purchases that people tell of themselves, on an alert's page."""


class PurchaseState(StrEnum):
    """The states of a purchase: figures count each of them but reversed ones, and the money of confirmed ones."""

    REPORTED = "reported"  # a person says so: it is a conversion, and no money
    PENDING = "pending"  # the network knows of it, and may still take it back
    CONFIRMED = "confirmed"
    REVERSED = "reversed"  # returned, cancelled or declined
