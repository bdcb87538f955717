"""What to do about a difference between intents and children, and doing it.

It imports `render` and what is below.

- `planner`: what to do about each object, pure; `executor`: does it; `versioned_writes`: so that no change
  of another client is overwritten; `outcome`, `drift_event`: how it went, with the texts of Events;
- `repair_limit`: five repairs of an object in a minute.

A difference isn't repaired, in the order in which that is decided, if

1. `spec.paused` is true, or a scale request on the count can't be decided yet (`controller/plan`, `desired`);
2. another one than this Formation owns the object, or it is being deleted (`planner.decide`);
3. it has our digest, and we own what we write: other fields are others' (`planner.as_written`);
4. an autoscaler keeps a suspended type above zero, or the limit is reached (`planner._change`);
5. its content isn't known, or its type can't be rendered: then counts alone are written (`planner.alone`).
"""
