"""The demonstration: the reference incident, older history marked as invented, and one small incident open now."""
