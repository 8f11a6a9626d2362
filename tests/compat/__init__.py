"""A user's repository, written for version 0.2.0: it is never edited, and still works."""
