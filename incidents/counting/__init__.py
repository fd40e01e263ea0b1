"""Figures out of the ledger. Reads only."""
