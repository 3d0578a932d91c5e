"""What channels cost a month is kept by month."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, insert

from tocsin.core.signal import Cost
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.purchases.schema import monthly_costs

_FORGET = delete(monthly_costs).where(monthly_costs.c.month == bindparam("of"))
_KEEP = insert(monthly_costs)


def keep(transaction: Transaction, month: str, costs: Mapping[str, Cost]) -> None:
    transaction.write(_FORGET, of=month)
    transaction.write_each(
        _KEEP,
        [
            {"month": month, "channel": channel, "amount": cost.amount, "currency": cost.currency}
            for channel, cost in costs.items()
        ],
    )
