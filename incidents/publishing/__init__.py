"""What the world sees: one frozen snapshot, and pages, feeds and documents as pure functions of it."""
