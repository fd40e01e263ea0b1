"""What the ledger comes to: days, months, verdicts with their evidence, and what waits for a responder. Reads only."""
