"""Remove variables."""

import click

from formation_cli import options
from formation_cli.changes import config
from formation_cli.changes.config import Stored, Wanted
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import going_back
from formation_cli.commands.config import changing, stored
from formation_cli.options import How


@click.command("unset", cls=options.Command, short_help="Remove variables")
@options.formation()
@click.argument("keys", nargs=-1, required=True, metavar="KEY...", shell_complete=options.complete_key)
@options.change()
def command(cluster: Cluster, name: str, keys: tuple[str, ...], how: How) -> None:
    """Remove variables, plain or secret, in one write; the processes are restarted, as in a deploy.

    Examples:
      config unset shop PAGE_SIZE
      config unset shop PAGE_SIZE DATABASE_URL --wait
    """
    wanted = Wanted(unset=[*dict.fromkeys(keys)])

    def read(cluster: Cluster, found: Object) -> Stored:
        all_plain = {*keys} <= config.plain(found).keys()
        return (stored.read_if_possible if all_plain else stored.read)(cluster, found)

    before, after = changing.change(cluster, name, wanted, read, dry_run=how.dry_run)
    changing.report(before, after, wanted, how)
    going_back.wait(cluster, before, after, how, [])
