"""What to ask next, and what an answer means."""
