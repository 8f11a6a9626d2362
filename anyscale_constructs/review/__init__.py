"""What a change of clouds would do, before it is applied: two syntheses side by side, and plans."""
