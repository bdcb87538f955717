"""What should exist for a Formation.

It imports `replicas`, for the count that each type is given, and what is below. It is pure. A changed pod
template restarts every process, so golden files hold it.

- `intents`: a type's objects, with a digest; `pod_template`: the Pod of a process; `autoscaler`: an HPA;
- `cron_job`, `release_job`: of schedules and releases; `job_template`: the Pod of both;
- `disruption`: which types declare a disruption budget;
- `merge`, `environment`: `podTemplate` and variables over what is ours.
"""
