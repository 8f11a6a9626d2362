"""What a change to clouds does: two syntheses compared, with and without a plan."""
