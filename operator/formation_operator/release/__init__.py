"""Whether a content may be rolled out: its release command has to succeed first, and its canaries to stand.

It imports `sync` and what is below. `asked`, `gate`, `progress` and `revisions` are pure.

- `chooser`: which content is rendered; `gate`: whether the wanted one may be rolled out, and what to do;
- `canary`: which types have to prove a content by one process, and whether they have;
- `releaser`: carries that out; `progress`: what is said of a release;
- `revision_store`: gets, creates, numbers and prunes revisions; `revisions`: the rules of that;
- `older_crd`: whether the CRD has lost fields: then one that is missing doesn't count as removed;
- `asked`: what the chooser gets and returns, and what is remembered of both.

**What was released last is one fact: the highest mark on the Deployments.** Status and memory are copies.
A content has its revision before its first template is written. A revision is believed only by a digest that
a Deployment, the status or a Job names. Where the content isn't kept, counts alone are written.
"""
