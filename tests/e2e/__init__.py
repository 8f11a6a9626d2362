"""Whole paths, with real programs."""
