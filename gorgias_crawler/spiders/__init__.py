"""The spiders: what to ask next, one callback per kind of page."""
