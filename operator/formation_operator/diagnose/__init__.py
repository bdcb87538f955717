"""Why a Pod or a Job isn't well.

It imports `observe`, `foreground` and what is below. `investigator` and `job_pods` read what isn't
cached; all else is pure.

- `diagnosis`: what is wrong with one Pod, from its parts: `waits` (a container hasn't started), `exits` (it
  ended), `pod_events` (only Events say so), `log_excerpt` (its last words), `grace_periods` (too early
  to say);
- `finding`: the result; `investigator`: asks for more, and keeps it within a bound;
- `job_pods`: why a Job isn't done or has failed, and whether a release's has started.
"""
