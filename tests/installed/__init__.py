"""The package as users install it: its wheel works, and so does what the pages and `init` show."""
