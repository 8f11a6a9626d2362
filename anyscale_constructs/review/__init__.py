"""Reviews a change to clouds before it is applied, from two syntheses and plans."""
