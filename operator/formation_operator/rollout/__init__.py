"""Whether a content may be rolled out: its release command has to succeed first, and its canaries to stand.

It imports `sync` and what is below. `rollout`, `memory`, `gate`, `canary` and `revisions` are pure.

- `rollout`: how far it is; `memory`: what is remembered of it;
- `chooser`: which content is rendered; `gate`: whether the declared one may be rolled out, and what to do;
- `canary`: which types have to prove a content by one process, and whether they have;
- `releaser`: carries that out;
- `revision_store`: gets, creates, numbers and prunes revisions; `revisions`: the rules of that;
- `older_crd`: whether the CRD has lost fields: then one that is missing doesn't count as removed.

**What was released last is one fact: the highest mark on the Deployments.** Status and memory are copies.
A content has its revision before its first template is written. A revision is believed only by a digest that
a Deployment, the status or a Job names. Where the content isn't kept, counts alone are written.
"""
