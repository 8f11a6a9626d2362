"""Tests of whole workflows, with real programs."""
