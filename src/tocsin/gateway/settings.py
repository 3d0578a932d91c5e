"""Settings of live sockets. Durations are seconds, sizes are bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    path: str = "/socket.io"
    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    connect_timeout: float = 10.0  # from the handshake to the first CONNECT
    max_payload: int = 64 * 1024
    max_buffer: int = 1024 * 1024  # what may wait for one reader before it counts as slow
    bookmark_every: float = 30.0
    stats_every: float = 2.0
    reconnect_spread: float = 5.0  # over which time sockets are asked to come back after a stop
    ingest_rate: int = 200  # messages a second from one socket whose token has scope ingest
    message_rate: int = 10  # from any other
    ingest_frame_rate: int = (
        1000  # frames a second from one socket whose token has scope ingest: of any kind, empty too
    )
    frame_rate: int = 250  # from any other
    max_newcomers: int = 2048  # sockets of which no token is known yet
    max_sockets_per_address: int = 20_000
    max_sockets_per_token: int = 20_000
