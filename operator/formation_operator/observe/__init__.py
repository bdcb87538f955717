"""What is known of the cluster, as the few facts that decisions need.

It imports `kube` and what is below, and sends no request. What isn't `cache`, `store` or `faults` is pure.

- `watched`: a record of functions for each watched kind; the facts are in a module for each: `formations`,
  `children` and their `rollouts`, `jobs`, `pods`, `autoscalers`; `other_budgets` has those of what is
  only listed;
- `snapshot`: what a pass decides from; `cache`: all that is known; `store`: the newest version of each object
  of a kind, in whatever order they come;
- `managed_fields`: who owns which field; `faults`: why a type is not as declared, and unexpected errors.

An object is known by its name and its owner's uid. Labels only find it, and one of our annotations counts
only while we own it in `managedFields`: anyone may write these.
"""
