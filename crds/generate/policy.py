"""The optional admission policy that warns at ``kubectl apply`` of commands that leave the foreground.

`policy.yaml` is `formation_operator.foreground.check` in CEL, with the operator's own table and patterns.
What CEL can't read it doesn't judge: a shell's script.  The API server limits what a policy may cost, so nor
does it judge a command that is very long.  It looks for each type's program in the text of its command, and
holds against that what the table has under the program's name: what is said, `leaves`, and `stays`.
Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

import json
import pathlib
import string

from formation_operator.foreground import check, programs

TEMPLATE = string.Template(pathlib.Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def text() -> str:
    """Return the policy, and the binding that puts it into effect in the whole cluster, as they are kept."""
    rows = {
        name: [each.says, each.leaves.pattern, each.stays.pattern] for name, each in programs.TABLE.items()
    }
    table = ",\n          ".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    before, versioned = f"^({check.BEFORE.pattern})", f"^({check.VERSIONED.pattern})$"
    return TEMPLATE.substitute(table=table, before=json.dumps(before), versioned=json.dumps(versioned))
