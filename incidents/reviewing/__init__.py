"""The read side of what an incident teaches: its milestones and durations, each with where it comes from."""
