"""Scrapy's own commands: each works in this project, or says why it does not."""
