"""A setting, option, argument or component that would be ignored is refused."""

import json

import pytest
from scrapy.settings import Settings

from gorgias_crawler import config
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.logformatter import PrivateLogFormatter
from gorgias_crawler.refusals import check_settings
from gorgias_crawler.refusals.rules import OF_CALLS

PRIORITY = {"on the command line": "cmdline", "in a settings module": "project"}


def settings_with(priority="cmdline", **given):
    settings = Settings()
    settings.setmodule("gorgias_crawler.settings", priority="project")
    settings.setdict(given, priority=priority)
    return settings


def refusal(priority="cmdline", not_read=(), **given):
    """Return the sentence that refuses the settings."""
    with pytest.raises(ConfigurationError) as raised:
        check_settings(settings_with(priority, **given), not_read=not_read)
    sentence = str(raised.value)
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("where", PRIORITY)
@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("GORGIAS_SPREADSHEETSAFE", "GORGIAS_SPREADSHEET_SAFE"),
        ("GORGIAS_BODY_FIELD", "GORGIAS_BODY_FIELDS"),
        ("GORGIAS_MAXOUTAGE", "GORGIAS_MAX_OUTAGE"),
        ("CONCURENT_REQUESTS", "CONCURRENT_REQUESTS"),
        ("FEED_EXPORT_FIELD", "FEED_EXPORT_FIELDS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("JOB_DIR", "JOBDIR"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_right_name(
    where, name, nearest
):
    assert f"do you mean {nearest}?" in refusal(PRIORITY[where], **{name: "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOG_ENCODING", "nope"), ("LOG_FORMAT", "%(nope)s"), ("LOG_FORMAT", "%(")],
)
def test_a_log_that_cannot_be_written_is_refused(name, value):
    assert f"{name}={value}: give one that Python knows" in refusal(**{name: value})


def test_a_setting_of_ours_that_there_is_not_is_refused_with_those_that_there_are():
    sentence = refusal(GORGIAS_COLOUR="red")
    assert "GORGIAS_COLOUR=red" in sentence
    assert all(name in sentence for name in config.SETTINGS)


@pytest.mark.parametrize("name", config.VARIABLES)
def test_a_variable_given_as_a_setting_is_refused_and_its_value_not_shown(name):
    sentence = refusal(**{name: "s3cret"})
    assert name in sentence
    assert ".env" in sentence
    assert "s3cret" not in sentence


def test_what_only_a_component_of_the_users_could_read_needs_one():
    assert "nothing reads such a setting" in refusal(MY_PIPELINE_SIZE="1")
    check_settings(settings_with(MY_PIPELINE_SIZE="1", ITEM_PIPELINES={OWN: 300}))
    check_settings(settings_with("project", MY_PIPELINE_SIZE="1"))


OWN = "tests.test_refusals.Pipeline"


class Pipeline:
    """A component of the user's."""


class Formatter(PrivateLogFormatter):
    """A component that is made of ours."""


@pytest.mark.parametrize(
    "name",
    [
        "CLOSESPIDER_ITEMCOUNT", "CLOSESPIDER_ERRORCOUNT", "CLOSESPIDER_TIMEOUT_NO_ITEM",
        "CONCURRENT_ITEMS", "DEPTH_LIMIT", "HTTPCACHE_ENABLED", "HTTPCACHE_DIR",
        "HTTPERROR_ALLOW_ALL", "HTTPAUTH_USER", "REDIRECT_ENABLED", "REDIRECT_MAX_TIMES",
        "METAREFRESH_ENABLED", "ROBOTSTXT_OBEY", "URLLENGTH_LIMIT", "FEED_URI",
        "AUTOTHROTTLE_START_DELAY", "FTP_USER", "FORCE_CRAWLER_PROCESS",
        "SCHEDULER_DISK_QUEUE", "COOKIES_ENABLED", "REMOTE_CONTROL_ENABLED",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", PRIORITY)
def test_a_setting_of_scrapys_that_has_no_effect_here_is_refused(where, name):
    sentence = refusal(PRIORITY[where], **{name: "7"})
    assert sentence.startswith(f"{name}=7: " if name != "HTTPAUTH_USER" else name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TWISTED_REACTOR", "twisted.internet.selectreactor.SelectReactor"),
        ("TWISTED_REACTOR_ENABLED", "False"),
        ("DOWNLOADER", "scrapy.core.downloader.Downloader2"),
        ("DUPEFILTER_CLASS", "scrapy.dupefilters.RFPDupeFilter"),
        ("FEED_STORE_EMPTY", "False"),
        ("ITEM_PROCESSOR", "scrapy.pipelines.ItemPipelineManager"),
        ("LOG_FORMATTER", "scrapy.logformatter.LogFormatter"),
        ("SCHEDULER", "scrapy.core.scheduler.Scheduler"),
        ("STATS_CLASS", "scrapy.statscollectors.DummyStatsCollector"),
        ("JOBDIR", "~/crawls"),
        ("JOBDIR", "s3://bucket/job"),
        ("FEEDS", {"x.csv": {"format": "csv", "store_empty": False}}),
    ],
)
def test_a_setting_that_would_break_a_promise_is_refused(name, value):
    assert refusal(**{name: value}).startswith(name)


@pytest.mark.parametrize(
    ("option", "advice"),
    [
        ("overwite", "do you mean overwrite?"),
        ("feilds", "do you mean fields?"),
        ("gzip_level", "do you mean gzip_compresslevel?"),
        ("colour", "leave it out."),
    ],
)
def test_an_option_of_a_feed_that_nothing_reads_is_refused(option, advice):
    sentence = refusal(FEEDS={"x.csv": {"format": "csv", option: True}})
    assert sentence.startswith(f"FEEDS: 'x.csv' has an option '{option}'")
    assert sentence.endswith(advice)


def test_a_component_of_the_users_may_read_options_of_its_own():
    plugin = {"postprocessing": ["mine.Plugin"], "colour": "red"}
    check_settings(settings_with(FEEDS={"x.csv": {"format": "csv", **plugin}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JOBDIR", ""),
        ("REDIRECT_ENABLED", "False"),
        ("REDIRECT_ENABLED", "0"),
        ("CONCURRENT_ITEMS", "1"),
        ("HTTPCACHE_ENABLED", "false"),
        ("CLOSESPIDER_TIMEOUT", "60"),
        ("CLOSESPIDER_PAGECOUNT", "3"),
        ("DOWNLOAD_DELAY", "0.5"),
        ("DOWNLOAD_MAXSIZE", "5000000"),
        ("LOGSTATS_INTERVAL", "5"),
        ("RETRY_ENABLED", "False"),
        ("HTTPPROXY_ENABLED", "False"),
        ("FEED_EXPORT_BATCH_ITEM_COUNT", "0"),
        ("LOG_FORMATTER", "gorgias_crawler.logformatter.PrivateLogFormatter"),
    ],
)
def test_a_setting_that_is_honoured_or_says_what_holds_anyhow_is_taken(name, value):
    check_settings(settings_with(**{name: value}))


def test_a_class_made_of_ours_may_take_its_place():
    check_settings(settings_with(LOG_FORMATTER="tests.test_refusals.Formatter"))


@pytest.mark.parametrize("name", ["JOBDIR", "GORGIAS_BUDGET_SHARE", "RETRY_TIMES"])
def test_a_setting_that_the_command_does_not_read_is_refused_on_its_command_line(name):
    assert "does not read it" in refusal(not_read=OF_CALLS, **{name: "1"})
    check_settings(settings_with("project", **{name: "1"}), not_read=OF_CALLS)


# Components.

REQUIRED = {
    "ITEM_PIPELINES": "gorgias_crawler.pipelines.BodySelectionPipeline",
    "EXTENSIONS": "gorgias_crawler.extensions.run_report.RunReport",
    "DOWNLOADER_MIDDLEWARES": "gorgias_crawler.middlewares.auth.AuthMiddleware",
}
OFF = {
    "EXTENSIONS": "scrapy.extensions.feedexport.FeedExporter",
    "DOWNLOADER_MIDDLEWARES": "scrapy.downloadermiddlewares.retry.RetryMiddleware",
    "SPIDER_MIDDLEWARES": "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
}
CLASS = {
    "FEED_EXPORTERS": ("csv", "scrapy.exporters.CsvItemExporter"),
    "FEED_STORAGES": ("", "scrapy.extensions.feedexport.FileFeedStorage"),
}


@pytest.mark.parametrize("where", PRIORITY)
@pytest.mark.parametrize(
    "name", [*REQUIRED, *CLASS, "SPIDER_MIDDLEWARES", "DOWNLOAD_HANDLERS"]
)
def test_a_dictionary_of_components_is_laid_over_ours(where, name):
    settings = settings_with(PRIORITY[where], **{name: {}})
    check_settings(settings)
    ours = settings_with()
    assert settings.getwithbase(name).copy_to_dict() == (
        ours.getwithbase(name).copy_to_dict()
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASYNCIO_EVENT_LOOP", "no.Loop"),
        ("TWISTED_DNS_RESOLVER", "no"),
        ("RETRY_EXCEPTIONS", "no.Error"),
        ("DOWNLOAD_HANDLERS", {"http": "no.Handler"}),
        ("FEEDS", {"x.csv": {"format": "csv", "item_classes": ["no.Row"]}}),
        ("FEEDS", {"x.csv": {"format": "csv", "item_filter": "no.Filter"}}),
    ],
)
def test_a_class_that_cannot_be_loaded_is_named_with_its_setting(name, value):
    sentence = refusal(**{name: value})
    assert sentence.startswith(f"{name}: ")
    assert "cannot be loaded" in sentence


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("RETRY_HTTP_CODES", "5xx", "statuses of HTTP"),
        ("REACTOR_THREADPOOL_MAXSIZE", "0", "a whole number, 1 or more"),
        ("DNS_TIMEOUT", "0", "a whole number, 1 or more"),
        ("DOWNLOAD_TIMEOUT", "-1", "a number, 0 or more"),
    ],
)
def test_a_value_that_scrapy_fails_on_is_refused_with_what_it_may_be(name, value, kind):
    assert refusal(**{name: value}).startswith(f"{name}={value}: give {kind}")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_component_that_a_promise_rests_on_cannot_be_switched_off(name):
    sentence = refusal(**{name: json.dumps({REQUIRED[name]: None})})
    assert REQUIRED[name] in sentence
    assert name in sentence


@pytest.mark.parametrize("name", OFF)
def test_a_component_that_a_promise_rests_on_being_off_cannot_be_switched_on(name):
    assert OFF[name] in refusal(**{name: {OFF[name]: 500}})


def test_the_order_of_what_handles_a_call_cannot_be_changed():
    path = REQUIRED["DOWNLOADER_MIDDLEWARES"]
    assert path in refusal(DOWNLOADER_MIDDLEWARES={path: 100})


@pytest.mark.parametrize("name", CLASS)
def test_a_class_that_a_promise_rests_on_is_not_replaced(name):
    key, path = CLASS[name]
    assert name in refusal(**{name: {key: path}})


def test_what_no_promise_rests_on_may_be_switched_off():
    path = "gorgias_crawler.extensions.progress.ProgressLine"
    check_settings(settings_with(EXTENSIONS={path: None}))
    check_settings(settings_with(FEED_STORAGES={"s3": None}))


@pytest.mark.parametrize("name", [*REQUIRED, "ADDONS"])
def test_a_component_that_cannot_be_loaded_is_named(name):
    assert "nowhere.Thing cannot be loaded" in refusal(**{name: {"nowhere.Thing": 1}})


def test_an_order_that_is_no_number_is_named():
    assert "'first'" in refusal(ITEM_PIPELINES={OWN: "first"})
