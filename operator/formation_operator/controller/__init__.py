"""When a pass runs, and what it does.

It is the top room, and imports every other one. `reconcile` has the steps of a pass in their order, from
parsing on; `reporting` has those from the diagnosis on. A room returns what it finds out, and the pass puts
it into the cache.

- `informers`: what is listed and watched; `intake`: which change gives which Formation a pass;
- `passes`: the state of a pass; `parsing`: reads the spec; `queueing`: has passes wait for their turn;
- `plan`: what a pass does about a type; `trials`: what a report notes in the record of a rollout;
- `budgets`: which types get a disruption budget; at the end of a pass it lists those of others;
- `runs`: which CronJobs are busy, and why a Job of a release or a schedule fails;
- `memory`: what is kept of a Formation from pass to pass, and dropped with it;
- `election`: who leads, and how long a Lease lasts, without a request; `leader`: reads and writes the Lease.

All of `memory` may be lost with the leader: which intents the API server answered to, repairs of the last
minute, tries that were refused, how long a revision has run well. The next leader compares and tries again.
"""
