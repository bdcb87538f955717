"""The packet filter: what Kubernetes adds to it is ours to take away, and nothing else.

kube-proxy and the port mapper put rules into chains of their own (``KUBE-``, ``CNI-``) and jump
there from the built-in ones.  ``up`` refuses where such chains exist, so that all of them are
ours afterwards.  They can be in two families and, on older systems, in two backends.
"""

import re
import subprocess

from hack.cluster import packages

BACKENDS = ("iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy")
OURS = r"(?:KUBE-|CNI-)\S*"
CHAIN = re.compile(rf"^:({OURS}) ", re.MULTILINE)
JUMP = re.compile(rf"^-A (?!KUBE-|CNI-)(\S.*-[jg] {OURS}.*)$", re.MULTILINE)
TABLE = re.compile(r"^\*(\w+)$\n(.*?)^COMMIT$", re.MULTILINE | re.DOTALL)
FAMILIES = {"iptables": "ip", "ip6tables": "ip6"}


def tables(backend: str) -> dict[str, str]:
    """Return the content of every table of a backend, as `iptables-save` writes it."""
    command = packages.find(f"{backend}-save")
    if not command:
        return {}
    done = subprocess.run([command], capture_output=True, text=True, check=False)
    return dict(TABLE.findall(done.stdout))


def foreign_chains() -> list[str]:
    """Return the names of the chains that another Kubernetes or container network has made."""
    texts = [text for backend in BACKENDS for text in tables(backend).values()]
    return sorted({chain for text in texts for chain in CHAIN.findall(text)})


def snapshot() -> dict[str, list[str]]:
    """Return the names of the tables that exist."""
    return {backend: sorted(tables(backend)) for backend in BACKENDS}


def accept(bridge: str) -> None:
    """Let pods reach each other and this machine, even where its firewall drops by default."""
    lines = [
        "*filter",
        ":KUBE-FORMATION - [0:0]",
        "-A KUBE-FORMATION -j ACCEPT",
        f"-I INPUT -i {bridge} -j KUBE-FORMATION",
        f"-I FORWARD -i {bridge} -o {bridge} -j KUBE-FORMATION",
        "COMMIT\n",
    ]
    change("iptables", lines)


def restore(before: dict[str, list[str]]) -> None:
    """Remove our chains, the jumps into them, and the tables that came into being with them."""
    for backend in BACKENDS:
        for table, text in tables(backend).items():
            chains = CHAIN.findall(text)
            if chains:
                remove(backend, table, JUMP.findall(text), chains)
        for table in set(tables(backend)) - set(before.get(backend, [])):
            drop_if_empty(backend, table)


def remove(backend: str, table: str, jumps: list[str], chains: list[str]) -> None:
    """Remove chains of a table and the rules that lead there, in one transaction."""
    lines = [
        f"*{table}",
        *(f":{chain} - [0:0]" for chain in chains),
        *(f"-D {jump}" for jump in jumps),
        *(f"-X {chain}" for chain in chains),
        "COMMIT\n",
    ]
    change(backend, lines)


def change(backend: str, lines: list[str]) -> None:
    """Make a change as `iptables-restore` reads it, whole or not at all."""
    command = [packages.find(f"{backend}-restore") or f"{backend}-restore", "--noflush"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)


def drop_if_empty(backend: str, table: str) -> None:
    """Remove a table that only holds built-in chains without a rule or a policy of their own."""
    nft, family = packages.find("nft"), FAMILIES.get(backend)
    lines = tables(backend).get(table, "").splitlines()
    untouched = all(re.match(r":\S+ ACCEPT ", line) for line in lines)
    if nft and family and untouched:
        subprocess.run([nft, "delete", "table", family, table], capture_output=True, check=False)
