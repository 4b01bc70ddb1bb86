"""The project's own Scrapy commands, one module each."""
