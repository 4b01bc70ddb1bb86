"""A pretend Gorgias on loopback: for the demo, the tests and the benchmarks.

`World` is the account, `Sandbox` the server in front of it. Nothing here is used by
the crawl itself, and nothing here knows the crawler.
"""

from gorgias_crawler.sandbox.faults import Answer, Call
from gorgias_crawler.sandbox.server import ACCESS_TOKEN, API_KEY, API_USER, Sandbox
from gorgias_crawler.sandbox.world import World

__all__ = ["ACCESS_TOKEN", "API_KEY", "API_USER", "Answer", "Call", "Sandbox", "World"]
