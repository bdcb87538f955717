"""Rules about one process type: what it runs, how many, with which environment and probes."""

import string

from crds.generate.embedded import LONGEST_PORT_NAME
from crds.generate.rules.cel import Rule, one_of
from formation_operator.api.formation import PROGRESS_DEADLINE, PROOF_SECONDS

COUNT = [
    Rule(
        "!self.?singleton.orValue(false) || self.?replicas.orValue(1) <= 1",
        "a singleton runs one process at most: set replicas to 1 or 0, or leave singleton out",
        at=".replicas",
    ),
    Rule(
        "!has(self.rollingUpdate) || !self.?singleton.orValue(false)",
        "a singleton's old process ends before the new one starts: leave rollingUpdate or singleton out",
        at=".rollingUpdate",
        reason="FieldValueForbidden",
    ),
]
ALONE = Rule(
    "!has(self.disruptionBudget) || !self.?singleton.orValue(false)",
    "a singleton has only one process, so no budget keeps any during a drain: leave disruptionBudget or "
    "singleton out",
    at=".disruptionBudget",
    reason="FieldValueForbidden",
)
UNSCALED = Rule(
    "!has(self.autoscaling) || !self.?singleton.orValue(false)",
    "an autoscaler starts several processes, and a singleton has one at most: leave autoscaling or "
    "singleton out",
    at=".autoscaling",
    reason="FieldValueForbidden",
)
IN_TIME = Rule(
    "!(has(self.minReadySeconds) || has(self.progressDeadlineSeconds)) || "
    f"self.?progressDeadlineSeconds.orValue({PROGRESS_DEADLINE}) > "
    f"self.?minReadySeconds.orValue(has(self.readinessProbe) ? 0 : {PROOF_SECONDS})",
    f"no rollout could end in time: progressDeadlineSeconds ({PROGRESS_DEADLINE} by default) has to be more "
    f"than minReadySeconds ({PROOF_SECONDS} by default)",
    at=".progressDeadlineSeconds",
)
SERVED = Rule(
    "has(self.port) || "
    "!(self.?service.orValue(false) || has(self.appProtocol) || has(self.trafficDistribution))",
    "a Service needs a port: set port, or leave service, appProtocol and trafficDistribution out",
    at=".port",
    reason="FieldValueRequired",
)
PROCESS = [*COUNT, ALONE, UNSCALED, IN_TIME, SERVED]
# An empty list is the schema's own matter: the rule must not stumble over it.
COMMAND = [
    Rule(
        "size(self) == 0 || size(self[0]) > 0",
        "the program, the first item of command, is empty: name what should run",
    )
]
ROLLING_UPDATE = [
    Rule(
        "!has(self.maxSurge) || !has(self.maxUnavailable) || "
        "!(self.maxSurge == 0 || self.maxSurge == '0%') || "
        "!(self.maxUnavailable == 0 || self.maxUnavailable == '0%')",
        "with maxSurge and maxUnavailable both 0, no rollout can progress: set one of them to 1 or more",
    )
]
DISRUPTION_BUDGET = [
    Rule(
        "!has(self.maxUnavailable) || !(self.maxUnavailable == 0 || self.maxUnavailable == '0%')",
        "with maxUnavailable 0 no node that runs one of these processes could be drained: set 1 or more, "
        "or a percentage",
        at=".maxUnavailable",
    )
]

VARIABLE = [
    Rule(
        "!has(self.valueFrom) || !has(self.value) || size(self.value) == 0",
        "'{self.name}' has both value and valueFrom: leave one out",
    )
]
SOURCES = ["configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef"]
VALUE_FROM = [one_of(SOURCES, f"set exactly one of {', '.join(SOURCES)}")]
ENV_FROM = [one_of(["configMapRef", "secretRef"], "set exactly one of configMapRef and secretRef")]

HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"]
PROBE = [one_of(HANDLERS, f"a probe has exactly one way to check: set one of {', '.join(HANDLERS)}")]
ONE_SUCCESS = [
    Rule(
        "!has(self.successThreshold) || self.successThreshold <= 1",
        "one success is enough for this kind of probe: leave successThreshold out",
        at=".successThreshold",
    )
]
READINESS = [
    Rule(
        "!has(self.terminationGracePeriodSeconds)",
        "a process that isn't ready keeps running: only a livenessProbe and a startupProbe have this",
        at=".terminationGracePeriodSeconds",
        reason="FieldValueForbidden",
    )
]
# Before Kubernetes 1.34 the API server takes a port's name to be as long as a request, so what reads all of
# it, such as a pattern, is too dear.  The schema has the pattern; this says the same, letter by letter.
LETTERS = list(string.ascii_lowercase)
KNOWN = [*LETTERS, *string.digits, "-"]
PLACES = list(range(LONGEST_PORT_NAME))
IS_PORT_NAME = " && ".join(
    [
        "size(name) > 0 && !name.startsWith('-') && !name.endsWith('-')",
        f"{PLACES}.all(i, i >= size(name) || name.charAt(i) in {KNOWN})",
        f"{PLACES}.exists(i, i < size(name) && name.charAt(i) in {LETTERS})",
        f"!{PLACES}.exists(i, i + 1 < size(name) && name.charAt(i) == '-' && name.charAt(i + 1) == '-')",
    ]
)
PROBE_PORT = [
    Rule(
        f"type(self.port) == int || [self.port].all(name, {IS_PORT_NAME})",
        "a port is a number without quotes, or the name of a container's port, such as http",
        at=".port",
    )
]
