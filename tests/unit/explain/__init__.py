"""The page that explains a cloud."""
