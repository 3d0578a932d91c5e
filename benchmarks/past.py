"""A past made up in the ledger's own tables, by the database itself: months of alerts and deliveries within minutes.

What is the same in every alert of a monitor costs nothing to draw: chance is a hash of the key.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.core.analytics import HOUR_MICROS
from tocsin.core.clock import SystemClock, epoch_micros
from tocsin.core.search import folded, name_key
from tocsin.ledger.opening import open_ledger

TARGETS = ("discord:high_priority", "discord:general", "webhook:partner", "sms:vip", "push:everyone")
RETAILERS = ("bestbuy", "newegg", "amazon", "walmart", "target", "bhphoto", "microcenter", "gamestop")
NAMES = (
    *(
        "GeForce RTX 5090 Founders Edition",
        "GeForce RTX 5080 Gaming OC",
        "Radeon RX 9070 XT Pulse",
        "PlayStation 5 Pro",
    ),
    *("Nintendo Switch 2 Mario Kart Bundle", "Pokémon Prismatic Evolutions Elite Trainer Box", "Steam Deck OLED 1 TB"),
    *(
        "Xbox Series X 2 TB Galaxy Black",
        "Ryzen 7 9800X3D",
        "MacBook Air 13 M5",
        "iPhone 18 Pro Max 512 GB",
        "LEGO UCS Falcon",
    ),
)
SKUS = 400
_MICRO = 1_000_000


@dataclass(frozen=True)
class Past:
    """So many alerts over so many days before now, each with a delivery for each of the targets."""

    alerts: int
    days: int = 180

    @property
    def deliveries(self) -> int:
        return self.alerts * len(TARGETS)


async def make(file: Path, past: Past) -> None:
    """Make a ledger of it. Its schema is the program's own."""
    async with open_ledger(f"sqlite:///{file}", clock=SystemClock()):
        pass
    await asyncio.to_thread(_fill, file, past)


def _fill(file: Path, past: Past) -> None:
    began = epoch_micros(datetime.now(UTC) - timedelta(days=past.days))
    step = past.days * 86_400 * _MICRO // past.alerts
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.create_function("name_key", 1, name_key, deterministic=True)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            " AND tbl_name IN ('alerts', 'texts', 'deliveries', 'attempts', 'attempt_members', 'clicks')"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        for statement in _statements(past.alerts, began, step):
            connection.execute(statement)
        for _, made in indexes:
            connection.execute(made)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("ANALYZE")


def _statements(alerts: int, began: int, step: int) -> Iterator[str]:
    names = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(NAMES))
    searched = " ".join(f"WHEN {number} THEN '{folded(name)}'" for number, name in enumerate(NAMES))
    retailers = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(RETAILERS))
    targets = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(TARGETS))
    many = len(TARGETS)
    yield "CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)"
    yield f"""INSERT INTO numbers WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted
        WHERE n < {alerts}) SELECT n FROM counted"""
    at = f"({began} + n * {step})"
    sku = f"(n * 7919 % {SKUS})"
    yield f"""INSERT INTO alerts (key, id, type, priority, sku, retailer, product_name, price, currency, url,
            detected_at,
        metadata, accepted_at, decision, reason, repeats, last_seen_at, closed_at, episode, position)
        SELECT n, printf('%012x7%03x8%015x', {at} / 1000, n % 4096, n),
            CASE n % 10 WHEN 0 THEN 'restock_soon' WHEN 1 THEN 'back_order' WHEN 2 THEN 'price_drop' ELSE
            'in_stock' END,
            CASE n % 10 WHEN 0 THEN 5 WHEN 1 THEN 2 WHEN 2 THEN 8 ELSE 9 END,
            'SKU' || (6000000 + {sku}), CASE {sku} % {len(RETAILERS)} {retailers} END,
            CASE {sku} % {len(NAMES)} {names} END || ' ' || {sku}, (100 + n % 1900) * {_MICRO}, 'USD',
            'https://shop.example/p/' || {sku}, {at} - 40000, '{{}}', {at}, 'accepted', 'new', 0, {at},
            {at} + 600000000,
            n, n FROM numbers"""
    yield f"""INSERT INTO texts (alert, text, name) SELECT n, t, name_key(t) FROM (SELECT n,
            CASE {sku} % {len(NAMES)} {searched} END || ' ' || {sku} || char(10)
        || 'sku' || (6000000 + {sku}) || char(10) || CASE {sku} % {len(RETAILERS)} {retailers} END AS t FROM numbers)"""
    yield "INSERT INTO names (key, text) SELECT DISTINCT name, text FROM texts"
    yield "CREATE TEMP TABLE sent (n INTEGER, t INTEGER, k INTEGER, h INTEGER, at INTEGER, took INTEGER)"
    yield f"""INSERT INTO sent SELECT n, t, n * {many} + t - {many - 1}, (n * 2654435761 + t * 40503) % 100003,
            {at}, 0
        FROM numbers, (SELECT 0 AS t {"".join(f" UNION ALL SELECT {t}" for t in range(1, many))})"""
    yield "UPDATE sent SET took = (80 + h % 700 + CASE WHEN h % 211 = 0 THEN h % 9000 ELSE 0 END) * 1000"
    state = """CASE WHEN h % 1000 < 6 THEN 'refused' WHEN h % 1000 < 10 THEN 'expired' WHEN h % 1000 < 30 THEN
            'cancelled'
        WHEN h % 1000 < 31 THEN 'possibly_sent' WHEN t >= 3 AND h % 17 > 0 THEN 'delivered' ELSE 'sent' END"""
    why = """CASE WHEN h % 1000 < 6 THEN 'refused' WHEN h % 1000 < 10 THEN 'past_life' WHEN h % 1000 < 30 THEN
            'closed'
        WHEN h % 1000 < 31 THEN 'held' END"""
    yield f"""INSERT INTO deliveries (key, alert, target, lane, priority, state, why, fence, attempts,
            planned_at, due,
        expires_at, moved_at, possibly_repeated, detail, episode, attempt, route, slot, people)
        SELECT k, n, CASE t {targets} END, 'lane ' || t,
            CASE n % 10 WHEN 0 THEN 5 WHEN 1 THEN 2 WHEN 2 THEN 8 ELSE 9 END,
            {state}, {why}, 1, CASE WHEN h % 1000 BETWEEN 6 AND 29 THEN 0 ELSE 1 END, at, at, at + 600000000,
            at + took + CASE WHEN t >= 3 THEN 2000000 ELSE 0 END, 0, '', n, k, 'all',
            CASE WHEN t >= 3 THEN 1 ELSE 0 END, 1
        FROM sent"""
    yield f"""INSERT INTO attempts (key, target, lane, started_at, finished_at, outcome, status, answer,
            mentioned, members,
        units) SELECT k, CASE t {targets} END, 'lane ' || t, at + 20000, at + took,
            CASE WHEN h % 1000 < 6 THEN 'refused'
        ELSE 'sent' END, CASE WHEN h % 1000 < 6 THEN 404 ELSE 204 END, '', '', 1, 1 FROM sent
        WHERE h % 1000 < 6 OR h % 1000 >= 30"""
    yield "INSERT INTO attempt_members (delivery, attempt) SELECT key, key FROM attempts"
    yield """INSERT INTO receipts (delivery, channel, reference, units, cost, currency) SELECT k, 'sms',
            'SM' || k, 1, 7900,
        'USD' FROM sent WHERE t = 3 AND h % 1000 >= 30"""
    yield """INSERT INTO clicks (delivery, at, kind, why) SELECT k, at + 60000000,
            CASE h % 3 WHEN 0 THEN 'person' WHEN 1 THEN
        'robot' ELSE 'suspect' END, '' FROM sent WHERE h % 20 = 7"""
    yield f"""INSERT INTO purchases (id, source, external_id, revision, at, entered_at, state, quantity,
            amount, commission,
        currency, sku, retailer, reason, delivery, alert, target, clicked_at, author,
            told) SELECT printf('%032x', k), 'shop', 'o' || k, 1,
        at + 120000000, at, 'confirmed', 1, 1999990000, 40000000, 'USD', 'SKU' || (6000000 + {sku}),
        CASE {sku} % {len(RETAILERS)} {retailers} END, 'click', k, n, CASE t {targets} END, at + 60000000,
            'shop', '{{}}' FROM sent
        WHERE h % 250 = 7"""
    first, last = began // HOUR_MICROS, (began + alerts * step) // HOUR_MICROS
    channels = " UNION ALL ".join(
        f"SELECT '{name}' AS channel" for name in dict.fromkeys(t.split(":")[0] for t in TARGETS)
    )
    yield f"""INSERT INTO uptime (channel, at, up, down) WITH RECURSIVE hours(at) AS (SELECT {first} UNION ALL
        SELECT at + 1 FROM hours WHERE at < {last}) SELECT channel, at, (1 << 60) - 1,
            CASE WHEN at * 7919 % 97 = 0 THEN 1 ELSE 0 END FROM hours, ({channels})"""
    yield f"""INSERT INTO monthly_costs (month, channel, amount, currency) SELECT DISTINCT
            strftime('%Y-%m', {at} / {_MICRO}, 'unixepoch'), 'sms', 15 * {_MICRO}, 'USD' FROM numbers"""
    keys = {"position": alerts, "alert_key": alerts, "delivery_key": alerts * many, "episode_key": alerts}
    yield "UPDATE stream SET " + ", ".join(f"{name} = {key}" for name, key in keys.items())
    yield "DROP TABLE sent"
    yield "DROP TABLE numbers"
