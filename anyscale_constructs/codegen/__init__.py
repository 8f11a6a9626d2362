"""Turns a checkout of an upstream repository into a catalog of interfaces, and the catalog into wrappers."""
