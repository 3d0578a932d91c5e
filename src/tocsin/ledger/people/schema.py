"""The tables of people. What reaches a person is encrypted; what is looked for is its HMAC, unique in its kind."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, Uuid

from tocsin.ledger.engine.schema import Key, Moment, metadata

# One that was erased keeps its row, with nothing of the person in it: its consents hang on it.
contacts = Table(
    "contacts",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("external_id", String, unique=True, comment="as the caller's own system knows this person"),
    Column("name", String, nullable=False),
    Column("searched", Text, nullable=False, comment="its name and external_id, as core.search folds them"),
    Column("zone", String),
    Column("locale", String),
    Column("state", String, nullable=False, comment="active, written (an address of the configuration) or erased"),
    Column("paused_until", Moment),
    Column("token", String, unique=True, comment="of the operator who this is"),
    Column("version", BigInteger, nullable=False),
    Column("consent_head", String, comment="the hash of its newest consent: a last line that was removed shows"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

contact_tags = Table(
    "contact_tags",
    metadata,
    Column("contact", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", String, primary_key=True),
    sqlite_with_rowid=False,
)

# The key is the slot: it is never given out again, also not after its address was removed.
addresses = Table(
    "addresses",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("contact", BigInteger, nullable=False),
    Column("kind", String, nullable=False, comment="phone, mailbox, device or browser"),
    Column("value", LargeBinary, nullable=False, comment="encrypted"),
    Column("lookup", LargeBinary, nullable=False, comment="the HMAC of the normalised value"),
    Column("shown", String, nullable=False, comment="masked"),
    Column("zone", String, comment="where a number belongs"),
    Column("state", String, nullable=False, comment="unverified, active, suppressed or dead"),
    Column("why", String),
    Column(
        "consent", String, nullable=False, comment="none, granted or withdrawn: what the newest of its consents says"
    ),
    Column("device", String, comment="the app's own id of it, unique in its contact"),
    Column("app", LargeBinary, comment="the HMAC of what its FID and its token have in common"),
    Column("platform", String),
    Column("app_version", String),
    Column("sounds", Text, comment="JSON: the sounds that the app brings along"),
    Column("last_seen_at", Moment),
    Column("verified_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("introduced_by", BigInteger, comment="the delivery that told an imported one who writes, and how to stop"),
    sqlite_autoincrement=True,
)

# Written, never changed: only what tells of the person is taken out when the contact is erased, which no hash notices.
consents = Table(
    "consents",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("contact", BigInteger, nullable=False),
    Column("at", Moment, nullable=False, comment="when it was said"),
    Column("entered_at", Moment, nullable=False),
    Column("address", Uuid, nullable=False),
    Column("lookup", LargeBinary, nullable=False, comment="of the value that was consented for"),
    Column("channel", String, nullable=False),
    Column("event", String, nullable=False),
    Column("source", String, nullable=False),
    Column("wording", String, comment="its SHA-256"),
    Column("ip", String),
    Column("user_agent", String),
    Column("evidence", Text, comment="JSON"),
    Column("private", String, nullable=False, comment="the HMAC of the three before: the hash covers this, not them"),
    Column("provider", Text, comment="JSON: what a provider said"),
    Column("author", String, nullable=False, comment="on whose word: token:moderator, person, provider:twilio, ..."),
    Column("previous", String, comment="the hash of the contact's entry before"),
    Column("hash", String, nullable=False),
)

# What people were asked or told, in full, once.
wordings = Table(
    "wordings",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("version", String),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False, comment="when it was first used"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("contact", Key, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False, comment="JSON"),
)

# What a person may be asked of: the delivery whose link that person followed last, and when a mail has asked.
questions = Table(
    "questions",
    metadata,
    Column("contact", Key, primary_key=True, autoincrement=False),
    Column("about", BigInteger, nullable=False, comment="the delivery"),
    Column("clicked_at", Moment, nullable=False),
    Column("asked_at", Moment),
    Column("asked_by", BigInteger, comment="the delivery that asked"),
)

# One row for each time that a code or a link was asked for.
verifications = Table(
    "verifications",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("address", BigInteger, nullable=False, comment="its slot"),
    Column("way", String, nullable=False, comment="sms, call or mail"),
    Column("reference", String, comment="as the provider knows it"),
    Column("started_at", Moment, nullable=False),
    Column("sent_at", Moment, nullable=False, comment="the last time"),
    Column("expires_at", Moment, nullable=False),
    Column("sends", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("ended_at", Moment),
    Column("result", String, comment="a stable word: active, expired, ..."),
    Column("consent", Text, nullable=False, comment="JSON: what will be consented to with the right answer"),
)

# Keyed hashes outlive an erased contact. One that was lifted stays, with the reason.
suppressions = Table(
    "suppressions",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", String, nullable=False, comment="of the address"),
    Column("lookup", LargeBinary, nullable=False),
    Column("shown", String, nullable=False, comment="masked; empty once its contact is erased"),
    Column(
        "why", String, nullable=False, comment="stop, one_click, page, complaint, provider_opt_out, operator or erased"
    ),
    Column("reason", Text, nullable=False),
    Column("author", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("lifted_at", Moment),
    Column("lifted_by", String),
    Column("lifted_reason", Text),
)

# Lists that are kept by calls; those of the configuration are not here.
lists = Table(
    "lists",
    metadata,
    Column("channel", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("body", Text, nullable=False, comment="JSON"),
)

# How far a channel's provider was told of consents, in the order in which they were entered.
consents_told = Table(
    "consents_told",
    metadata,
    Column("channel", String, primary_key=True),
    Column("upto", BigInteger, nullable=False, comment="the key of a consent: those up to it are told, or need not be"),
    Column("again", Text, nullable=False, comment="JSON: those the provider refused, and how often"),
)

# Rows of imported files that are done: a second run passes them by.
imports = Table(
    "imports",
    metadata,
    Column("file", String, primary_key=True, comment="the SHA-256 of its content"),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("result", String, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

IN_FORCE = suppressions.c.lifted_at.is_(None)

Index("contact_tags_tag", contact_tags.c.tag, contact_tags.c.contact)
Index("addresses_lookup", addresses.c.lookup, addresses.c.kind, unique=True)
Index("addresses_app", addresses.c.app)
Index("addresses_contact", addresses.c.contact, addresses.c.device, unique=True)
Index("consents_contact", consents.c.contact)
Index("consents_entered", consents.c.entered_at)
Index("wordings_version", wordings.c.version)
Index("verifications_address", verifications.c.address, verifications.c.started_at)
Index(
    "suppressions_lookup",
    suppressions.c.lookup,
    suppressions.c.kind,
    unique=True,
    sqlite_where=IN_FORCE,
    postgresql_where=IN_FORCE,
)
