"""Candor's domain: one app, one label, one migration history."""
