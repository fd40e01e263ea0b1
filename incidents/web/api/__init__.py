"""The doors of machines."""
