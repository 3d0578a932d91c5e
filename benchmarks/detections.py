"""Detections in the form that monitors send them; every one of them new, so that none is a duplicate."""

import itertools
import json
from collections.abc import Iterator

_NUMBER = itertools.count()


def detection(sku: str) -> dict[str, object]:
    return {
        "type": "in_stock",
        "sku": sku,
        "retailer": "bestbuy",
        "price": 1999.99,
        "priority": 9,
        "product_name": "GeForce RTX 5090 Founders Edition",
        "url": f"https://www.bestbuy.example/site/{sku}.p",
        "metadata": {"image_url": f"https://img.bestbuy.example/{sku}.jpg", "stock": 3},
    }


def fresh() -> Iterator[dict[str, object]]:
    """Detections without end."""
    return (detection(f"{number:08d}") for number in _NUMBER)


def bodies(size: int) -> Iterator[bytes]:
    """Request bodies: one object where `size` is 1, else arrays of that many."""
    detections = fresh()
    while True:
        batch = list(itertools.islice(detections, size))
        yield json.dumps(batch[0] if size == 1 else batch).encode()
