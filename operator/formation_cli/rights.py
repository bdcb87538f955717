"""What each command that waits needs of the cluster, and whether somebody may do that.

That is asked before anything is written: else a change would be made that can't be followed to its end, or
that nothing goes back from.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, NoAccess
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

FORMATION, DEPLOYMENT, PROCESS = "FORMATION", "DEPLOYMENT", "PROCESS"
"""They stand for the name of the Formation, and of each Deployment and each Pod that is changed."""


class Right(NamedTuple):
    """One verb on one kind, or on one object of it."""

    verb: str
    kind: str
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """The resource as a Role's rule and `kubectl auth can-i` name it."""
        kind = kinds.BY_NAME[self.kind]
        return f"{kind.plural}.{kind.group}" if kind.group else kind.plural

    def review(self, namespace: str) -> Object:
        """Return the object by which the API server is asked for it."""
        kind = kinds.BY_NAME[self.kind]
        wanted = {"namespace": namespace, "verb": self.verb, "group": kind.group, "resource": kind.plural}
        about = {"name": self.name, "subresource": self.subresource}
        return {
            "apiVersion": kinds.BY_NAME[kinds.ACCESS_REVIEW].api_version,
            "kind": kinds.ACCESS_REVIEW,
            "spec": {"resourceAttributes": {**wanted, **about}},
        }


READ = ("get", "list", "watch")
CHANGE = [Right(verb, naming.KIND, FORMATION) for verb in ("get", "patch")]
FOLLOW = [
    Right(verb, kind, name)
    for kind, name in ((naming.KIND, FORMATION), (kinds.POD, ""))
    for verb in ("list", "watch")
]
DEPLOYMENTS = [Right(verb, kinds.DEPLOYMENT) for verb in ("list", "watch")]
REVISIONS = Right("list", kinds.CONTROLLER_REVISION)
WAITING = {"": CHANGE, "--wait": FOLLOW}
DEPLOYING = {**WAITING, "--rollback-on-failure": [REVISIONS]}
RETRYING = [Right(verb, kinds.POD) for verb in ("list", "delete")]
NEEDED: dict[str, dict[str, list[Right]]] = {
    "deploy": {**DEPLOYING, "--retry": RETRYING},
    "rollback": {"": [*CHANGE, REVISIONS], "--wait": FOLLOW},
    "scale": {**WAITING, "--process": [Right("list", kinds.POD), Right("patch", kinds.POD, PROCESS)]},
    "config set": {**DEPLOYING, "--secret": [Right("create", kinds.SECRET)]},
    "config unset": DEPLOYING,
    "restart": {
        "": [CHANGE[0], Right("patch", kinds.DEPLOYMENT, DEPLOYMENT)],
        "--wait": [*FOLLOW, *DEPLOYMENTS],
    },
    "stop": WAITING,
    "start": WAITING,
    "wait": {"": [CHANGE[0], *FOLLOW]},
}
"""What each command needs in any case, and for an option. What it can do without isn't here, such as logs."""


def check(
    cluster: Cluster, command: str, options: Mapping[str, Any], names: Mapping[str, Sequence[str]]
) -> None:
    """Raise `NoAccess` if a command, with the options that are set, would come upon a missing right.

    The ``names`` are those of objects, by what stands for them.
    """
    needed = NEEDED[command]
    set_ones = [each for each in needed if not each or options.get(each.lstrip("-").replace("-", "_"))]
    asked = {option: [*_named(needed[option], names)] for option in set_ones}
    lacking = missing(cluster, [right for rights in asked.values() for right in rights])
    without = [option for option, rights in asked.items() if {*rights} & {*lacking}]
    if lacking:
        what = "; ".join(f"{', '.join(verbs)} on {each}" for each, verbs in by_resource(lacking).items())
        name = " ".join([command, *filter(None, without)]) if "" not in without else command
        sentence = f"`{name}` needs rights that you lack in namespace {cluster.namespace}: {what}."
        changed = "" if command == "wait" else " Nothing was changed."
        raise NoAccess(sentence + changed, hint=_way_out(lacking, without))


def _named(rights: Iterable[Right], names: Mapping[str, Sequence[str]]) -> Iterator[Right]:
    """Yield rights with the names of objects: a Role may be for some of them alone."""
    for right in rights:
        yield from (right._replace(name=each) for each in names.get(right.name, [right.name]))


def missing(cluster: Cluster, rights: Sequence[Right]) -> list[Right]:
    """Return the rights that the API server says somebody lacks, asked side by side; no answer is no no."""
    everywhere, denied = cluster.in_all_namespaces(), set[Right]()

    def ask(right: Right) -> None:
        try:
            answer = everywhere.create(right.review(cluster.namespace))
        except Failure:
            return
        if lenient.mapping(answer, "status").get("allowed") is False:
            denied.add(right)

    asking = [threading.Thread(target=ask, args=(right,), daemon=True) for right in rights]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    return [right for right in rights if right in denied]


def by_resource(rights: Iterable[Right]) -> dict[str, list[str]]:
    """Return the verbs of rights, by what they are on."""
    verbs: dict[str, list[str]] = {}
    for right in rights:
        known = verbs.setdefault(right.resource, [])
        known += [] if right.verb in known else [right.verb]
    return verbs


def _way_out(lacking: Iterable[Right], options: Iterable[str]) -> str:
    """Return who has the rights, and which options aren't possible without them."""
    role = "view" if all(each.verb in READ for each in lacking) else "edit"
    which = " and ".join(options)  # one is empty if the command needs it in any case
    return " ".join(
        [
            f"The cluster's role {role} has these rights.",
            *([f"Or leave out {which}."] if which and "" not in options else []),
        ]
    )
