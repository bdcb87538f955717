"""Run another image, or go back to a revision."""

import click

from formation_cli import options
from formation_cli.changes import patches
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import going_back, retries, revisions, waiting, writing
from formation_cli.commands.writing import Changed
from formation_cli.failures import Failure, Mistyped, TimedOut, again
from formation_cli.options import How


@click.command("deploy", cls=options.Command)
@options.formation()
@options.word("image", "--image", "The same as IMAGE.", metavar="[IMAGE]", callback=options.check_image)
@options.process_type("Deploy the image to this type only. `none` removes the type's own image.")
@click.option("--note", default="", callback=options.check_note, help="Why you deploy, for `history`.")
@click.option("--retry", is_flag=True, help="Try the declared version again if its canaries have failed.")
@options.change(deploys=True)
def command(
    cluster: Cluster,
    name: str,
    image: str | None,
    process_type: str | None,
    note: str,
    how: How,
    *,
    retry: bool,
) -> None:
    """Deploy another image, which you name with its tag or digest.

    One new process of each type that changes, its canary, must stay ready before new processes replace the
    old ones, unless spec.canary.seconds is 0.

    With --wait, `deploy` exits when every process runs the new image, or at once with the reason if the
    deploy fails. If its release command or a canary fails, all old processes keep running. If the rolling
    update after them fails, new processes may have replaced some old ones. A singleton has no canary: its old
    process ends, and then its new one starts, once all canaries have passed. If that one fails, no process of
    the type runs.

    With --rollback-on-failure, `deploy` goes back if the deploy fails: to the newest revision that ran well
    and hasn't failed since. If the image was declared already, the deploy has changed nothing, and nothing is
    undone.

    With --retry, `deploy` deletes the Pods of the canaries, so that Kubernetes starts new ones. That tries
    the same version again, such as after its database has come back, or its tag was pushed again. Without a
    canary that has failed, or with another IMAGE than the declared one, --retry changes nothing.

    --note sets the annotation `kubernetes.io/change-cause` of the Formation. Without --note, `deploy` removes
    the note of the deploy before.

    Examples:
      deploy shop registry.example.com/shop:v2 --wait
      deploy shop registry.example.com/shop:v2 --wait --rollback-on-failure
      deploy shop registry.example.com/shop:v2 --note 'fix the checkout'
      deploy shop --image registry.example.com/shop:v2 --dry-run
      deploy shop --type worker registry.example.com/shop:v3
      deploy shop --type worker none   # worker runs the image of all types again
      deploy shop --retry --wait       # tries a version again whose canaries have failed
    """
    if retry and how.back:
        raise click.UsageError("--retry changes nothing to roll back: leave out --rollback-on-failure.")
    if retry and process_type:
        raise click.UsageError("--retry tries all canaries, because a deploy needs all: leave out --type.")
    if retry:
        _retry(cluster, name, image, how)
        return
    if image is None:
        raise click.UsageError("Type the image behind NAME, or --image.")
    if image == patches.NONE and process_type is None:
        raise Mistyped("none isn't an image; with --type it removes the type's own image.")

    def patch(found: Object) -> list[Object]:
        change = patches.image(found, patches.image_field(found, process_type), image)
        return patches.noted(found, change, note)

    writing.advise(patches.without_version(image))
    changed = writing.change(cluster, name, patch, dry_run=how.dry_run)
    writing.report(changed, how, _sentence(changed.before, process_type, image))
    if own := [] if process_type else patches.with_own_image(changed.before):
        writing.advise(f"These types have their own image, and keep it: {', '.join(own)}")
    if note and not changed.is_written:
        writing.advise("The image was declared already, so the note isn't set: a note is about a change.")
    types = [process_type] if process_type else []
    going_back.wait(cluster, changed, how, types)


def _retry(cluster: Cluster, name: str, image: str | None, how: How) -> None:
    """Try what is declared again; raises `Mistyped` if that is another image, or hasn't failed."""
    found = formations.find(cluster, name)
    if image not in (None, patches.image_of(found, patches.SHARED)):
        raise Mistyped(f"{image} isn't the declared image: to deploy it, leave out --retry.")
    retries.check(found)
    pods = retries.retry(cluster, found, dry_run=how.dry_run)
    if not pods:
        raise Failure(f"No canary of {name} has a process now. Nothing was changed.")
    writing.report(Changed(found, found), how, retries.SAID.format(name))
    going_back.wait(cluster, Changed(found, found), how, retried=pods)


def _sentence(formation: Object, process_type: str | None, image: str) -> str:
    shared = patches.image_of(formation, patches.SHARED) or patches.NONE
    inherited = f"{shared} (that of all types)" if process_type else shared
    before = patches.image_of(formation, patches.image_field(formation, process_type)) or inherited
    after = inherited if image == patches.NONE else image
    what = f"{process_type}: image" if process_type else "image"
    return f"{what}: {after}, as it was" if before == after else f"{what}: {before} -> {after}"


@click.command("rollback", cls=options.Command)
@options.formation()
@options.revision("--to")
@options.change()
def rollback(cluster: Cluster, name: str, revision: str | None, how: How) -> None:
    """Go back to a revision: its images, commands, variables, types and schedules, in one write.

    Counts, autoscaling, suspend, paused, canary, revisionHistoryLimit and disruption budgets stay as they
    are. A rollback is a deploy, so the revision gets the next number.

    Without REVISION, `rollback` goes back to the newest other revision that ran well for a minute, and hasn't
    failed since. If the declared version isn't rolled out yet, that may also be the revision that was rolled
    out last, once all its processes have been available. `rollback` names each newer revision that it skips.
    If there is no such revision, `rollback` changes nothing.

    If a ConfigMap or a Secret that the revision needs is gone, `rollback` fails and changes nothing.

    Examples:
      rollback shop --wait        # to the newest other revision that ran well
      rollback shop 7 --dry-run   # shows what would change, and which types would restart
      rollback shop 7 --wait
      rollback shop 3f2a91c       # to a revision without a number
    """
    done = going_back.go_back(
        cluster, name, lambda found: revisions.find(cluster, found, revision), dry_run=how.dry_run
    )
    writing.report(done.changed, how, done.sentence)
    with waiting.standing(name, written=done.changed.is_written and not how.dry_run):
        going_back.advise(cluster, done)
    try:
        with going_back.naming_releases(cluster, done.changed):
            if how.waits:
                going_back.follow(cluster, done.changed, how)
    except (waiting.NotReady, TimedOut) as failure:
        failure.also(f"Other revisions: {again(f'history {name}')}")
        raise
