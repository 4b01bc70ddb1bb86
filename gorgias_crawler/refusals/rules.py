"""What each setting is to this crawler: which are refused, and what to do instead.

A setting that stands nowhere here does what Scrapy's documentation says of it.
"""

import math
import sys

NO_SCHEDULE = "the archive is the only record of what was asked"
_NO_CACHE = (
    "leave it out. It would keep customers' mail in files that are not the owner's "
    "alone; the job directory holds what was fetched"
)
_NO_REDIRECT = "leave it out: the key must not follow an answer to another place"
_NO_ITEMS_YET = (
    "leave it out: rows are written when all is fetched, so nothing can be counted "
    "before. For fewer rows use a filter, for example -a since=30d; to stop early, "
    "CLOSESPIDER_TIMEOUT or CLOSESPIDER_PAGECOUNT"
)
_NO_LINKS = "leave it out: no link is followed here, so it would change nothing"
_CREDENTIALS = (
    "it would change nothing: the credentials are GORGIAS_API_USER and GORGIAS_API_KEY "
    "in .env or the environment"
)
_ASYNCIO = "leave it out: the crawl runs on Twisted's asyncio reactor only"

REFUSED = {
    # They would break a promise.
    "CONCURRENT_ITEMS": "leave it out: one item at a time keeps the rows in order",
    "DNS_RESOLVER": "use TWISTED_DNS_RESOLVER, which is its name now",
    "DOWNLOADER": "leave it out: pacing and stopping rest on Scrapy's own",
    "DUPEFILTER_*": f"leave it out: {NO_SCHEDULE}",
    "FEED_STORE_EMPTY": (
        "leave it out: an export without rows is a file with its header, else the old "
        "file would stay and pass for the new one"
    ),
    "FORCE_CRAWLER_PROCESS": _ASYNCIO,
    "HTTPCACHE_*": _NO_CACHE,
    "ITEM_PROCESSOR": "leave it out: it brings the rows to the feeds",
    "LOG_FORMATTER": "leave it out: it keeps customers' words out of the log",
    "METAREFRESH_*": _NO_REDIRECT,
    "REDIRECT_*": _NO_REDIRECT,
    "REMOTE_CONTROL_*": "leave it out: it opens a port that runs Python",
    "ROBOTSTXT_*": "leave it out: the API has no robots.txt, and asking costs a call",
    "SCHEDULER": f"leave it out: {NO_SCHEDULE}",
    "SCHEDULER_*": f"leave it out: {NO_SCHEDULE}",
    "STATS_CLASS": "leave it out: run.json and the closing lines are made of Scrapy's",
    "TWISTED_REACTOR*": _ASYNCIO,
    "URLLENGTH_LIMIT": "leave it out: a long cursor would be dropped without a word",
    # They would change nothing.
    "AUTOTHROTTLE_MAX_DELAY": "use GORGIAS_BUDGET_SHARE: the pace is the API budget's",
    "AUTOTHROTTLE_START_DELAY": "use GORGIAS_BUDGET_SHARE: the pace is the API budget's",
    "AUTOTHROTTLE_TARGET_*": "use GORGIAS_BUDGET_SHARE: the pace is the API budget's",
    "CLOSESPIDER_ERRORCOUNT": "leave it out: the first error of the crawler ends a run",
    "CLOSESPIDER_ITEMCOUNT": _NO_ITEMS_YET,
    "CLOSESPIDER_*_NO_ITEM": _NO_ITEMS_YET,
    "CRAWLSPIDER_*": _NO_LINKS,
    "DEFAULT_ITEM_CLASS": "leave it out: a row is a Message of gorgias_crawler.items",
    "COOKIES_*": "leave it out: the API has no sessions",
    "DEPTH_*": _NO_LINKS,
    "FEED_FORMAT": "use -O FILE:FORMAT or FEEDS",
    "FEED_STORAGE_FTP_*": "FTP is not offered: a stopped upload leaves a torn file",
    "FEED_URI": "use -O FILE or FEEDS",
    "FTP_*": "FTP is not offered: a stopped upload leaves a torn file",
    "HTTPAUTH_*": _CREDENTIALS,
    "HTTPERROR_*": "leave it out: every answer is judged by the crawler itself",
    "REQUEST_FINGERPRINTER_CLASS": f"leave it out: {NO_SCHEDULE}",
}
"""Settings by name or pattern, with what is said where one is given another value than
ours. Only ``SUBCLASSES`` may replace what they name."""

SUBCLASSES = ("ITEM_PROCESSOR", "LOG_FORMATTER", "SCHEDULER")
"""Settings that take a class of the user's which is made of ours."""

COMPONENTS = (
    "DOWNLOADER_MIDDLEWARES",
    "SPIDER_MIDDLEWARES",
    "ITEM_PIPELINES",
    "EXTENSIONS",
)
"""Dictionaries of components by order; the user's is laid over ours."""

CLASSES = ("FEED_STORAGES", "FEED_EXPORTERS")
"""Dictionaries of components by name; the user's is laid over ours."""

MAY_CHANGE = {
    "gorgias_crawler.extensions.progress.ProgressLine",
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",
    "scrapy.extensions.logstats.LogStats",
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
}
"""Components that no promise rests on: they may be switched on and off."""

OF_CALLS = (
    "JOBDIR",
    "GORGIAS_BUDGET_SHARE",
    "GORGIAS_MAX_OUTAGE",
    "GORGIAS_FILE_MAXSIZE",
    "AUTOTHROTTLE_*",
    "CONCURRENT_REQUESTS*",
    "DOWNLOAD_*",
    "RETRY_*",
)
"""Settings that only a command which calls the API reads."""

AT_LEAST = {
    "CONCURRENT_REQUESTS": 1,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "DNS_TIMEOUT": 1,  # with less no name is ever resolved
    "REACTOR_THREADPOOL_MAXSIZE": 1,  # with none a run waits for ever
    "RETRY_TIMES": 0,
}
"""Whole numbers, and the least that each may be."""

RANGES = {
    "GORGIAS_BUDGET_SHARE": ("a share above 0 and up to 1", math.ulp(0), 1),
    "GORGIAS_MAX_OUTAGE": ("a number of seconds", 0, sys.float_info.max),
    "GORGIAS_FILE_MAXSIZE": ("a number of bytes", 1, sys.float_info.max),
}
"""Our own numbers: what each is, and the least and the most that it may be."""

MAY_BE_NEGATIVE = {"FEED_EXPORT_INDENT"}
"""Numbers whose default is not below 0, and that may be: no indent, in this one."""

LOADED = ("ASYNCIO_EVENT_LOOP", "RETRY_EXCEPTIONS", "TWISTED_DNS_RESOLVER")
"""Settings that name classes by their paths, beside those in dictionaries."""

FEED_OPTIONS = frozenset(
    [
        *("format", "encoding", "fields", "indent", "item_classes", "item_filter"),
        *("item_export_kwargs", "overwrite", "postprocessing", "store_empty"),
        *("batch_item_count", "uri_params", "kind", "of_account"),
        *("gzip_compresslevel", "gzip_mtime", "gzip_filename", "bz2_compresslevel"),
        *("lzma_format", "lzma_check", "lzma_preset", "lzma_filters", "zstd_level"),
    ]
)
"""What a feed in ``FEEDS`` may say of itself: Scrapy's options and ours
(https://docs.scrapy.org/en/latest/topics/feed-exports.html#feeds)."""
