"""The kinds of clouds as you change them: one module a kind, which takes the place of the package's."""
