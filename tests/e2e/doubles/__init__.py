"""Doubles of Terraform providers, with the providers' real schemas.

Terraform validates, plans and applies with them as with the real providers, but resources exist in the state only. A
schema is read at run time from a package of CDKTF bindings, or from the provider's documentation, as listed in `table`.
A run on doubles does not prove what neither source contains: defaults, sensitive attributes, limits on the number of
blocks other than none and one, permissions, quotas, errors of the clouds' own APIs, and what providers do in code, such
as replacing a resource or rejecting a value, except for what `Rules` contains.
"""
