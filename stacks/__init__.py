"""Your own kinds of clouds, one module per kind, which replaces the package's kind of the same name."""
