"""History and status from elsewhere."""
