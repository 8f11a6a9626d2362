"""The plugin's fixture instead of the empty stack of the other tests."""

from anyscale_constructs.testing.plugin import stack

__all__ = ["stack"]
