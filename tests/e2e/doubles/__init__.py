"""Doubles of Terraform providers with the providers' real schemas.

Terraform validates, plans and applies with them as with the real ones, but what is made is in the state only. A schema
is read at run time out of a package of CDKTF bindings, or out of the provider's documentation; `table` says where each
is. What neither tells, a run on doubles does not prove: that a change forces a replacement (but for the arguments in
the table), defaults, conflicts between arguments, sensitive attributes, limits on the number of blocks other than none
and one, the validation that providers do in code, permissions, quotas, and what the clouds' own APIs refuse.
"""
