"""The public resource: its fields, the names of what it makes, and the reasons of its status.

It imports nothing of ours, so that other programs can use it, and is pure. A limit or a default that users
see is beside its field in `formation` or `commands`, such as how many revisions are kept.

- `formation`, `formation_status`: the models, of which ``crds/generate`` makes the CRD; `commands`: what is
  run, of which a process type is one; `fields`: what a field may hold;
- `content`: what a deploy changes, and the marks of it; `content_changes`: what differs between two;
- `release_key`: what a release's Pod is given: contents with the same key need no release of their own;
- `reasons`: the reasons and conditions that programs read;
- `bounds`: how large a Formation may be; `naming`: names that never change.
"""
