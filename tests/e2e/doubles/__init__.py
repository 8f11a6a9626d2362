"""Doubles of Terraform providers with the providers' real schemas.

Terraform validates, plans and applies with them as with the real ones, but what is made is in the state only. A schema
is read at run time out of a package of CDKTF bindings, or out of the provider's documentation; `table` says where each
is. A run on doubles does not prove what neither tells: defaults, sensitive attributes, limits on the number of blocks
other than none and one, permissions, quotas, what the clouds' own APIs refuse, and what providers do in code, such as
replacing a resource or refusing a value, except where `Rules` say it.
"""
