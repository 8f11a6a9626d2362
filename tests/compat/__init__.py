"""What a user's repository holds, as it was written for version 0.2.0: it is never edited, and goes on working."""
