"""Rules of the house: pure Python, no ORM, no settings, no I/O. Everything may import it; it imports nothing of ours
above it."""
