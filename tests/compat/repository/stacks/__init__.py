"""Kinds of clouds of a user."""
