"""What the ledger comes to: verdicts on agreements, with their evidence."""
