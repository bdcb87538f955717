"""The optional admission policy that warns at ``kubectl apply`` of commands that leave the foreground.

It is `formation_operator.foreground.check` in CEL, with the same table and the same patterns.  What CEL can't
read it doesn't judge: a shell's script.  The API server limits what a policy may cost, so nor does it
judge a command that is very long.
Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

import json
import string
from typing import Any

from formation_operator.api import naming
from formation_operator.foreground import check, daemons
from formation_operator.foreground.daemon import NO_FILE, Daemon

Json = dict[str, Any]

NAME = f"foreground.{naming.GROUP}"
MOST_WORDS = 64
LONGEST = 600
"""Characters of a command."""
BASENAME = "[^/\n]+$"
# Every word ends with a line feed, so the one matches none and the other each.
NEVER, ALWAYS = "^\n[^\n]", "\n$"

TEXTS = f"""\
object.spec.processes
  .filter(t, has(object.spec.processes[t].command)
    && size(object.spec.processes[t].command)
      + (has(object.spec.processes[t].args) ? size(object.spec.processes[t].args) : 0) <= {MOST_WORDS})
  .map(t, [string(t), (object.spec.processes[t].command
      + (has(object.spec.processes[t].args) ? object.spec.processes[t].args : []))
    .map(w, string(w).replace("\\n", " ") + "\\n").join("")])
  .filter(e, size(e[1]) <= {LONGEST})"""
PROGRAMS = """\
variables.texts
  .map(e, [e[0], e[1].substring(size(e[1].find($wrappers)))])
  .map(e, [e[0], e[1].find("^[^\\n]*"), e[1]])
  .filter(e, e[1].matches($program))
  .map(e, [e[0], e[1].find($basename), e[2]])
  .map(e, [e[0], !(e[1] in variables.table) && e[1].matches($versioned) ? e[1].find($name) : e[1], e[2]])
  .filter(e, e[1] in variables.table)"""
WORDS = """\
variables.programs
  .map(e, [e[0], e[1]] + (e[2].split("\\n--\\n")[0] + "\\n").findAll(variables.table[e[1]].words))"""
LEAVING = """\
variables.words
  .filter(e, e.exists(w, w.matches(variables.table[e[1]].background))
    && !e.exists(w, w.matches(variables.table[e[1]].foreground))
    && e.exists(w, w.matches(variables.table[e[1]].only)))
  .map(e, [e[0], variables.table[e[1]].says.replace("{}", e[1])])"""
PID_FILES = """\
variables.words
  .filter(e, !variables.leaving.exists(l, l[0] == e[0]))
  .map(e, [e[0], e[1]]
    + e.filter(w, w.matches(variables.table[e[1]].pid_file) && !w.matches($no_file)))
  .filter(e, size(e) > 2)
  .map(e, [e[0], $writes.replace("{}", e[1]).replace("{option}", e[2].find($option))])"""


def build() -> list[Json]:
    """Return the policy, and the binding that puts it into effect in the whole cluster."""
    variables = {"table": table(), "texts": TEXTS, "programs": programs(), "words": WORDS, "leaving": LEAVING}
    variables |= {"pid_files": pid_files(), "said": "variables.leaving + variables.pid_files"}
    policy = {
        "failurePolicy": "Ignore",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [naming.GROUP],
                    "apiVersions": [naming.VERSION],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": [naming.PLURAL],
                }
            ]
        },
        "variables": [{"name": name, "expression": text} for name, text in variables.items()],
        "validations": [
            {
                "expression": "size(variables.said) == 0",
                "message": "commands leave the foreground, or write PID files",
                "messageExpression": 'variables.said.map(e, e[0] + ": " + e[1]).join("; ")',
            }
        ],
    }
    binding = {"policyName": NAME, "validationActions": ["Warn", "Audit"]}
    return [
        manifest("ValidatingAdmissionPolicy", policy),
        manifest("ValidatingAdmissionPolicyBinding", binding),
    ]


def manifest(kind: str, spec: Json) -> Json:
    """Return one of the two objects."""
    api = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api, "kind": kind, "metadata": {"name": NAME}, "spec": spec}


def table() -> str:
    """Return the CEL for the table of programs."""
    rows = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(row(each))}" for name, each in daemons.TABLE.items()
    )
    return f"{{\n{rows}\n}}"


def row(daemon: Daemon) -> dict[str, str]:
    """Return what the table says of a program, with patterns for a whole word."""
    return {
        "words": daemon.words,
        "background": word(daemon.background),
        "foreground": word(daemon.stays),
        "only": word(daemon.only, ALWAYS),
        "pid_file": word(daemon.pid_file),
        "says": check.LEAVES.format("{}", does=daemon.does, way_out=daemon.way_out),
    }


def word(pattern: str, without: str = NEVER) -> str:
    """Return a pattern for a whole word with its line feed."""
    return rf"^({pattern})\n$" if pattern else without


def programs() -> str:
    """Return the CEL that finds each type's program."""
    patterns = {
        "wrappers": f"^{check.WRAPPERS.pattern}",
        "program": f"^({check.PROGRAM.pattern})$",
        "basename": BASENAME,
        "versioned": f"^({check.VERSIONED.pattern})$",
        "name": f"^{check.NAME}",
    }
    return filled(PROGRAMS, patterns)


def pid_files() -> str:
    """Return the CEL that finds PID files."""
    patterns = {
        "no_file": word(NO_FILE.pattern),
        "option": check.OPTION.pattern,
        "writes": check.WRITES,
    }
    return filled(PID_FILES, patterns)


def filled(expression: str, values: dict[str, str]) -> str:
    """Return CEL with each value in the place of its name."""
    return string.Template(expression).substitute({name: json.dumps(value) for name, value in values.items()})
