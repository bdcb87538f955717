"""The metrics: what is counted as it happens, and what is computed at a scrape.

Names and units follow Prometheus' conventions. Each label has few values: tenants' names are labels only in
the bounded list of `census`.
Source: https://prometheus.io/docs/practices/naming/
"""

import functools
import math
import time
from collections.abc import Callable, Collection, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from formation_operator import __version__
from formation_operator.requeue import Lane, Retry

PREFIX = "formation_operator"
ERROR = "error"
"""An unexpected error ended a pass."""
RESULTS = {Retry.NONE: "success", Retry.PASSING: "retry", Retry.LASTING: "stuck"}
NO_ANSWER = "none"
"""Stands for the code of an answer that didn't come."""
LeftOut = Callable[[], Collection[str | None]]
"""Returns the namespaces that refuse something."""
VERBS = ("get", "list", "create", "apply", "patch", "delete")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Buckets of durations: a pass or a request that takes longer has met a time-out."""


class Instruments:
    """All metrics of one operator but those of its Formations."""

    def __init__(self) -> None:
        """Make them in a registry of their own."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._gauge("build_info", "Version of the operator", "version").labels(__version__).set(1)
        self._reached: dict[tuple[str, str | None], float] = {}
        passes = self._counter("passes", "Finished passes, by result", "result")
        self._passes = {result: passes.labels(result) for result in (*RESULTS.values(), ERROR)}
        self._pass_seconds = self._histogram("pass_duration_seconds", "Duration of a pass")
        text = "Finished requests to the API server, without watches"
        self._requests = self._counter("api_requests", text, "verb", "code")
        text = "Time until a request was answered or abandoned"
        seconds = self._histogram("api_request_duration_seconds", text, "verb")
        self._request_seconds = {verb: seconds.labels(verb) for verb in VERBS}

    def passed(self, retry: Retry | None, seconds: float) -> None:
        """Count a pass by what it leaves; nothing stands for an unexpected error that ended it."""
        self._passes[ERROR if retry is None else RESULTS[retry]].inc()
        self._pass_seconds.observe(seconds)

    def requested(self, verb: str, code: int | None, seconds: float) -> None:
        """Count a request by the HTTP status of its answer, if one came."""
        self._requests.labels(verb, NO_ANSWER if code is None else code).inc()
        self._request_seconds[verb].observe(seconds)

    def reached(self, kind: str, namespace: str | None) -> None:
        """Note that a watch has brought an event or a bookmark just now."""
        self._reached[kind, namespace] = time.monotonic()

    def watch(
        self, kinds: Iterable[str], namespaces: Sequence[str | None], left_out: LeftOut = frozenset
    ) -> None:
        """Show how long ago the watch of each kind brought something, in the quietest of the namespaces.

        ``left_out`` returns the namespaces that don't count; it runs in another thread at each scrape.
        """
        text = "Time since the watch of a kind last received anything"
        ages = self._gauge("watch_age_seconds", text, "kind")
        for kind in kinds:
            ages.labels(kind).set_function(functools.partial(self._silence, kind, namespaces, left_out))
        text = "Namespaces where the operator may not list or watch everything that it needs"
        self._gauge("namespaces_left_out", text).set_function(lambda: len(left_out()))

    def _silence(self, kind: str, namespaces: Sequence[str | None], left_out: LeftOut) -> float:
        """Return the longest silence of a kind in any namespace; infinite before its first event."""
        refusing = left_out()
        times = (self._reached.get((kind, each), -math.inf) for each in namespaces if each not in refusing)
        return time.monotonic() - min(times, default=-math.inf)

    def look_at(
        self, leads: Callable[[], bool], depth: Callable[[Lane], int], oldest: Callable[[], float]
    ) -> None:
        """Show at each scrape whether this replica leads, and its backlog; the functions run in a thread."""
        self._gauge("leader", "1 if this replica leads, 0 if it stands by").set_function(leads)
        waiting = self._gauge("queue_depth", "Formations that wait for a pass, by urgency", "lane")
        for lane in Lane:
            waiting.labels(lane.name.lower()).set_function(functools.partial(depth, lane))
        text = "How long the oldest waiting pass has been due"
        self._gauge("queue_oldest_request_age_seconds", text).set_function(oldest)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", text, labels, buckets=SECONDS, registry=self.registry)
