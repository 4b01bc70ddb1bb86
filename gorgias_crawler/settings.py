"""The map of the crawler: its wiring first, then what Scrapy has wrong for this job.

Each override names Scrapy's default and the reason. The credentials are not here, and
not in the environment where a file has them (`config/accounts.py`): Scrapy prints
settings, and several accounts may have files.
"""

import os
from contextlib import suppress

from scrapy.settings import default_settings

from gorgias_crawler import __version__
from gorgias_crawler.config.accounts import shared_variables
from gorgias_crawler.errors import ConfigurationError

with suppress(ConfigurationError):  # told by the commands that need it
    # Of the working directory only: one above it may be of another account.
    os.environ.update(shared_variables(os.environ))

BOT_NAME = "gorgias_crawler"
SPIDER_MODULES = ["gorgias_crawler.spiders"]
COMMANDS_MODULE = "gorgias_crawler.commands"

# The wiring. Numbers are orders: smaller is nearer to the engine. A dictionary of the
# user's is laid over it (see below), and what nothing can do without is in
# `refusals/rules.py`.

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    # where Scrapy retries
    "gorgias_crawler.middlewares.answer.AnswerMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    # where Scrapy unpacks
    "gorgias_crawler.middlewares.decompression.DecompressionMiddleware": 590,
    # the last wait before a call
    "gorgias_crawler.middlewares.budget.BudgetMiddleware": 940,
    # Nearer than the budget, which asks again where it is refused.
    "gorgias_crawler.middlewares.window.WindowMiddleware": 942,
    "gorgias_crawler.middlewares.auth.AuthMiddleware": 945,  # no other one sees the key
    # Of no use here, and each costs a little for every call.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
}
SPIDER_MIDDLEWARES = {
    # Each would look at every one of the rows, or drop an answer on its own.
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
ITEM_PIPELINES = {
    "gorgias_crawler.pipelines.BodySelectionPipeline": 100,
}
ITEM_PROCESSOR = "gorgias_crawler.feeds.processor.RowProcessor"
EXTENSIONS = {
    "scrapy.extensions.feedexport.FeedExporter": None,
    "gorgias_crawler.feeds.exporter.SnapshotFeedExporter": 0,
    # Its delays come from latency, which tells nothing of the account's budget.
    "scrapy.extensions.throttle.AutoThrottle": None,
    "gorgias_crawler.extensions.run_report.RunReport": 0,
    "gorgias_crawler.extensions.progress.ProgressLine": 0,
    # Scrapy's own persistence: the archive takes its place.
    "scrapy.extensions.spiderstate.SpiderState": None,
    # A rate of pages tells nothing here; ProgressLine says what is done and to do,
    # as often as LOGSTATS_INTERVAL says.
    "scrapy.extensions.logstats.LogStats": None,
}
SCHEDULER = "gorgias_crawler.scheduler.MemoryScheduler"
# Default LIFO: tickets are asked for in the order of their ids.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
# Default RFPDupeFilter, with a file of its own in JOBDIR: the archive knows what was
# fetched, and a page that is asked for again is asked for on purpose.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
LOG_FORMATTER = "gorgias_crawler.logformatter.PrivateLogFormatter"

# The file.

# It replaces what this job wrote or holds rows of its account, and nothing else.
FEEDS = {"gorgias_tickets.csv": {"format": "csv", "of_account": True}}
FEED_STORAGES = {
    "": "gorgias_crawler.feeds.storages.SnapshotFileStorage",
    "file": "gorgias_crawler.feeds.storages.SnapshotFileStorage",
    "stdout": "gorgias_crawler.feeds.storages.SnapshotStdoutStorage",
    "s3": "gorgias_crawler.feeds.s3.CheckedS3Storage",
    # Not offered: they write over the target while they upload.
    "ftp": None,
    "ftps": None,
}
FEED_EXPORTERS = {
    "csv": "gorgias_crawler.feeds.formats.HeaderedCsvItemExporter",
    **dict.fromkeys(
        ("jsonlines", "jsonl", "jl"), "gorgias_crawler.feeds.formats.JsonLinesExporter"
    ),
    "xml": "gorgias_crawler.feeds.formats.StrictXmlItemExporter",
    "conversations": "gorgias_crawler.feeds.conversations.ConversationsItemExporter",
    "parquet": "gorgias_crawler.feeds.parquet.ParquetItemExporter",
    "sqlite": "gorgias_crawler.feeds.sqlite.SqliteItemExporter",
    "manifest": "gorgias_crawler.feeds.folder.ManifestExporter",  # of a folder
}
FEED_EXPORT_ENCODING = "utf-8"  # default None: JSON would be escaped to ASCII

# The calls.

# Default names Scrapy and its site. Gorgias's firewall is known to answer 403 to
# clients with a library's default name.
USER_AGENT = f"gorgias_crawler/{__version__} (Scrapy)"
# Default asks for HTML first. Gzip is accepted by Scrapy on its own.
DEFAULT_REQUEST_HEADERS = {"Accept": "application/json"}
# Defaults 16, and 8 for one domain. 16 in flight keep the largest documented budget,
# 8 calls/s, busy up to a latency of 2 s.
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 16
# Default 100 tasks a response, for items that wait for something. Ours do not; fewer
# keep rows in order and halve the work per page (measured).
CONCURRENT_ITEMS = 1
# Default 180 s. A page of 100 long messages takes a few seconds, and a dead connection
# must not hold the others for minutes.
DOWNLOAD_TIMEOUT = 30
# Default 1 GiB. A page of 100 messages is 2 MB; with one body of 20 MB in its four
# forms it is 80 MB. Anything larger is cut off and recorded.
DOWNLOAD_MAXSIZE = 128 * 2**20
DOWNLOAD_WARNSIZE = 0  # default 32 MiB: the warning would name nothing to do
DOWNLOAD_DELAY = 0  # default 0, said here because the budget alone sets the pace
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False: the key would go to anybody
# Default 2, without waits. 5 waits of 1, 2, 4, 8, 16 s outlast a deployment (chosen).
RETRY_TIMES = 5
# Default 500, 502, 503, 504, 522, 524, 408, 429. A 429 is the budget's affair, and
# proxies have more numbers for a server that does not answer.
RETRY_HTTP_CODES = [408, *range(500, 600)]
AUTOTHROTTLE_ENABLED = True  # default False: ours paces by the account's budget
REDIRECT_ENABLED = False  # default True: the key must not follow a redirect
METAREFRESH_ENABLED = False  # default True: an HTML page is an error here
COOKIES_ENABLED = False  # default True: the API has no sessions
REFERER_ENABLED = False  # default True: it would send cursors in a header
ROBOTSTXT_OBEY = False  # default False, but the project template says True
URLLENGTH_LIMIT = 0  # default 2083: a longer cursor would be dropped without a word
DOWNLOAD_HANDLERS = {  # default: all of them; only the API is ever asked
    "file": None,
    "ftp": None,
    "s3": None,
    "http": "gorgias_crawler.middlewares.handler.EndingDownloadHandler",
    "https": "gorgias_crawler.middlewares.handler.EndingDownloadHandler",
}

# Scrapy lays a dictionary of components over its BASE. With ours in it they are there
# whatever is given with -s, in a settings module or in a spider.
DOWNLOADER_MIDDLEWARES_BASE = {
    **default_settings.DOWNLOADER_MIDDLEWARES_BASE,
    **DOWNLOADER_MIDDLEWARES,
}
SPIDER_MIDDLEWARES_BASE = {
    **default_settings.SPIDER_MIDDLEWARES_BASE,
    **SPIDER_MIDDLEWARES,
}
EXTENSIONS_BASE = {**default_settings.EXTENSIONS_BASE, **EXTENSIONS}
ITEM_PIPELINES_BASE = ITEM_PIPELINES
FEED_STORAGES_BASE = {**default_settings.FEED_STORAGES_BASE, **FEED_STORAGES}
FEED_EXPORTERS_BASE = {**default_settings.FEED_EXPORTERS_BASE, **FEED_EXPORTERS}
DOWNLOAD_HANDLERS_BASE = {
    **default_settings.DOWNLOAD_HANDLERS_BASE,
    **DOWNLOAD_HANDLERS,
}
# Off already, but Scrapy imports whatever is named: 0.15 s of each start.
del DOWNLOADER_MIDDLEWARES_BASE[
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"
]
del EXTENSIONS_BASE["scrapy.extensions.remote_control.RemoteControl"]

# Default True: Scrapy would read and parse the source of the callback for each answer.
WARN_ON_GENERATOR_RETURN_VALUE = False

# What is said, and who may listen.

LOG_LEVEL = "INFO"  # default DEBUG
STATS_DUMP = False  # default True: run.json and the closing lines say it
LOG_VERSIONS: list[str] = []  # default: ten libraries; run.json names those that matter
TELNETCONSOLE_ENABLED = False  # default True: a port that runs Python
REMOTE_CONTROL_ENABLED = False  # default True: another one

# Our own settings: what each means stands in `config.SETTINGS`.

GORGIAS_BUDGET_SHARE = 0.8
"""Share of the account's API budget that a crawl may fill: at 40 calls, eight stay
free for live integrations at any moment (chosen)."""

GORGIAS_MAX_OUTAGE = 3600
"""Seconds to wait while nothing is answered before the run ends with exit 3. Past
outages of Gorgias lasted about an hour (status.gorgias.com)."""

GORGIAS_FILE_MAXSIZE = 2**30
"""Bytes that a file may have at most: 1 GiB, more than any mail carries (chosen). It is
what one file can take of a disk."""

GORGIAS_BODY_FIELDS = ["body_text", "body_html", "stripped_text"]
"""Also ``stripped_html``; ``stripped_text`` first leaves the quoted history out where
Gorgias recognised it."""

# Off, because they change what customers wrote.
GORGIAS_BODY_AS_TEXT = False
GORGIAS_BODY_WITHOUT_QUOTES = False
GORGIAS_SPREADSHEET_SAFE = False

GORGIAS_PARTITION_BY = ""
"""Off, because one file is simpler, and holds years of most accounts."""
