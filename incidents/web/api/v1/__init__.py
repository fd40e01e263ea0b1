"""The write API in the dialect of Statuspage's Manage API, v1.

To add an address: a `Route` in the module of its resource; `routes.ROUTES` gathers them, and the door, the tests of
access and `/api/openapi.json` all follow from that table.
"""
