"""Names the figures that other parts keep, for the metrics."""

from collections.abc import Iterator, Sequence

from tocsin.gateway.gauges import Gauges
from tocsin.ledger.engine.wal import WriteAheadLog
from tocsin.pipeline.analytics.headlines import Headlines
from tocsin.pipeline.pipeline import Pipeline
from tocsin.pipeline.sending.sending import Sending
from tocsin.pipeline.watch.nodes import Nodes
from tocsin.pipeline.watch.watch import Watch
from tocsin.telemetry import Figure


def figures(pipeline: Pipeline, gauges: Gauges, wal: WriteAheadLog) -> Iterator[Figure]:
    """All of them, in the order of the metrics page."""
    yield from _lane_figures(pipeline.sending)
    yield from _node_figures(pipeline.watch.nodes)
    yield from _watch_figures(pipeline.watch)
    yield from _socket_figures(gauges)
    yield from _objective_figures(pipeline.watch)
    yield Figure("tocsin_mirror_behind", "What waits for a mirror.", pipeline.mirroring.behind, label="mirror")
    yield from _headlines(pipeline.headlines)
    yield Figure("tocsin_ledger_wal_bytes", "The ledger's write-ahead log.", lambda: {"": wal.size})


def _lane_figures(sending: Sending) -> Sequence[Figure]:
    watch = sending.lane_watch
    return (
        Figure("tocsin_queue_depth", "Deliveries that wait.", sending.dispatcher.depth, label="band"),
        Figure("tocsin_lanes_broken", "Lanes whose breaker is open.", lambda: {"": len(sending.lanes.broken())}),
        Figure(
            "tocsin_lane_opens_in_seconds", "How long closed lanes stay closed.", watch.opens_in, label=("lane", "why")
        ),
        Figure("tocsin_breaker_open", "1 where a lane's breaker is open.", watch.broken, label="lane"),
    )


def _node_figures(nodes: Nodes) -> Sequence[Figure]:
    return (
        Figure("tocsin_nodes", "The nodes that share the ledger.", nodes.counted, label="state"),
        Figure("tocsin_lanes_owned", "The lanes that this node works.", nodes.lanes_owned),
        Figure("tocsin_lease_seconds", "How long it may work them unheard of.", nodes.lease_left),
    )


def _watch_figures(watch: Watch) -> Sequence[Figure]:
    return (
        Figure("tocsin_conditions", "What operators should know of now.", watch.conditions.counted, label="what"),
        Figure("tocsin_monitors", "Monitors that are heard, and lost ones.", watch.monitors.counted, label="state"),
    )


def _socket_figures(gauges: Gauges) -> Sequence[Figure]:
    return (
        Figure(
            "tocsin_sockets",
            "Live sockets.",
            lambda: {"polling": gauges.polling, "websocket": gauges.websocket},
            label="transport",
        ),
        Figure("tocsin_interests", "Distinct subscriptions of live sockets.", lambda: {"": gauges.interests}),
        Figure("tocsin_frames_out", "Frames written to sockets.", lambda: {"": gauges.frames_out}, grows=True),
        Figure("tocsin_bytes_out", "Bytes written to sockets.", lambda: {"": gauges.bytes_out}, grows=True),
        Figure(
            "tocsin_buffer_high_water_bytes", "The most that waited for one reader.", lambda: {"": gauges.high_water}
        ),
        Figure("tocsin_evictions", "Sockets closed by us.", lambda: gauges.evictions, label="reason", grows=True),
        Figure("tocsin_connects_refused", "CONNECTs turned away.", lambda: gauges.refusals, label="code", grows=True),
        Figure(
            "tocsin_resumes", "Subscriptions that replayed what was missed.", lambda: {"": gauges.resumes}, grows=True
        ),
        Figure("tocsin_resumed_events", "Events that were replayed.", lambda: {"": gauges.resumed_events}, grows=True),
        Figure("tocsin_broadcasts", "Events written to rooms.", lambda: {"": gauges.broadcasts}, grows=True),
        Figure("tocsin_broadcast_seconds", "Time spent on that.", lambda: {"": gauges.broadcast_seconds}, grows=True),
    )


def _objective_figures(watch: Watch) -> Sequence[Figure]:
    return (
        Figure(
            "tocsin_objective_burn_rate",
            "How fast what may be told late is used up: 1 is just as fast as the objective allows.",
            watch.objectives.burn_rates,
            label=("channel", "window"),
        ),
        Figure("tocsin_objective_missed", "1 where it is missed.", watch.objectives.missed, label="channel"),
    )


def _headlines(headlines: Headlines) -> Sequence[Figure]:
    of = {
        "tocsin_day_due": ("Deliveries of the last day that were to be made.", headlines.due),
        "tocsin_day_delivery_rate": ("The part of these that their provider took.", headlines.delivery_rates),
        "tocsin_day_in_time_rate": ("The part that was told within a second.", headlines.within_a_second),
        "tocsin_day_uptime_rate": ("The part of the minutes in which the channel worked.", headlines.uptimes),
        "tocsin_day_click_rate": ("Unique clicks of persons, of what was taken.", headlines.click_rates),
    }
    return tuple(Figure(name, meaning, read, label="channel") for name, (meaning, read) in of.items())
