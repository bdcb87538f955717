"""Whether a content may be rolled out: its release command has to succeed first, and its canaries to stand.

It imports `sync` and what is below. `rollout`, `gate`, `canary`, `desired` and `revisions` are pure.

- `rollout`: how far it is; `memory`: what is remembered of it;
- `chooser`: which content is rendered; `gate`: whether the declared one may be rolled out, and what to do;
- `candidates`: which types have to prove it by a canary; `canary`: the rules of that, and whether they have;
- `releaser`: carries that out; `desired`: what is to be, once that is known;
- `revision_store`: gets, creates and numbers revisions; `pruning`: deletes old ones; `revisions`: the rules;
- `older_crd`: whether the CRD has lost fields: then one that is missing doesn't count as removed.

**What was released last is one fact: the highest mark on the Deployments.** Status and memory are copies.
A content has its revision before its first template is written. A revision is believed only by a digest that
a Deployment, the status or a Job names. Where the content isn't kept, counts alone are written.
"""
