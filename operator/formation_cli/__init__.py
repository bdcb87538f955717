"""``kubectl formation``: everyday work with Formations, on the cluster and on the laptop.

A client like any other: what it does could be done with kubectl. It reads the resource by the rooms of the
operator that are pure (`api`, `render`), and has rooms of its own:

- `commands`: one module per command, as it is typed; `command_table` lists them;
- `changes`: what a command wants changed, as patches and manifests;
- `views`: what is shown, as rows and sentences;
- `terminal`: how that is written, in colours or plainly;
- `cluster`: the only one that talks to the API server;
- `dialects`: the same processes in the words of others, such as a Procfile;
- `words`: what is typed, such as counts and durations; `options`: what many commands take.

`program` imports only the command that is typed, so that help and completion are quick.
"""
