"""Who decides about a count, and which scaling of a child is a request to its Formation.

It imports `observe` and what is below; all but `write_through` is pure.

- `count_owner`: the Formation, an autoscaler or neither; `singletons`: never two of these;
- `autoscaling`: which types have an autoscaler, of ours or of others;
- `scale_requests`: which edit is a request; `write_through`: writes it to the Formation.
"""
