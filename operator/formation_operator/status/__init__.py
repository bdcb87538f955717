"""The status and the Events that report a pass.

It imports `sync`, `diagnose` and what is below; all but `writer` and `poster` is pure.

- `observation`: what one pass saw; `compute`: the status that follows from it;
- `type_health`, `schedule_health`: how a process type and a schedule are, with the reason;
- `conditions`: the Formation's conditions from these, as Kubernetes reads them;
- `first_minute`: whether a revision has run well;
- `canary_health`, `release_health`, `scaling_health`: how canaries, a release and autoscalers are;
- `change_events`: an Event for each type, release and run whose state or reason changed;
- `writer`: one write, if the status differs, and at most one a second; `poster`: posts the Events.
"""
