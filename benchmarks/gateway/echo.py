"""What a peer adds to a posted alert, so that its frames are as long as those that Tocsin makes of it."""

ADDED = {
    "id": "0193a5b2-7c3e-7d4f-8a1b-2c3d4e5f6a7b",
    "band": "high",
    "currency": "USD",
    "variant": None,
    "seller": None,
    "timestamp": "2026-11-23T12:00:00.000Z",
    "accepted_at": "2026-11-23T12:00:00.000Z",
    "decision": "accepted",
    "reason": "new",
    "state": "open",
    "repeats": 0,
    "last_seen_at": "2026-11-23T12:00:00.000Z",
    "cursor": "k3v9x2m4.123456",
}
