"""``scrapy crawl`` with an exit status that can be trusted."""

import argparse
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

from scrapy.commands import BaseRunSpiderCommand

from gorgias_crawler import arguments, config
from gorgias_crawler.commands import project
from gorgias_crawler.commands.checked_command import given, say
from gorgias_crawler.commands.spider_command import (
    SpiderCommand,
    add_env_file_option,
    show_tables,
)
from gorgias_crawler.config import environment
from gorgias_crawler.config.accounts import find_account, find_name, find_ping_url
from gorgias_crawler.errors import GorgiasError
from gorgias_crawler.extensions.run_report import figures_of
from gorgias_crawler.job.directory import default_path, note_refusal
from gorgias_crawler.job.ping import Monitor
from gorgias_crawler.spiders.gorgias import GorgiasSpider


class Command(SpiderCommand, BaseRunSpiderCommand):
    """Runs a spider; 0 is complete, 3 incomplete, 1 cannot start, 2 wrong usage."""

    arguments = arguments.MEANINGS
    operands = range(2)
    example = "crawl gorgias -s JOBDIR=crawls/run1"
    usage = "[options] [gorgias]"
    summary = "Export a Gorgias account; run again, resume or refresh"
    _monitor: Monitor | None = None

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """List the spider's arguments and our settings beside Scrapy's options."""
        super().add_options(parser)
        add_env_file_option(parser)
        show_tables(
            parser,
            {
                "Arguments of the spider, -a NAME=VALUE:": arguments.MEANINGS,
                "Settings, -s NAME=VALUE:": config.SETTINGS,
                "Variables of the environment, .env or an account's file:": (
                    config.VARIABLES
                ),
            },
        )

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Check arguments and account. Raises `CannotStartError`."""
        self._spider = self.spider(*args)
        super().check(args, opts)
        arguments.parse(opts.spargs)
        whose = _whose(opts)
        account = find_account(os.environ, **whose)
        find_ping_url(os.environ, **whose)
        host = account.host.partition(":")[0]
        if self.settings.getbool("HTTPPROXY_ENABLED") and not proxy_bypass(host):
            environment.check_proxy(getproxies(), account.base_url)

    def tell_refusal(self, error: GorgiasError) -> None:
        """Say why nothing was started, in ``run.json`` and to a monitor, too."""
        super().tell_refusal(error)
        with contextlib.suppress(GorgiasError, OSError, ValueError):
            named = self.settings["JOBDIR"]
            path = named or default_path(find_name(os.environ, **_whose(given())))
            note_refusal(Path(path), error)
        if self._monitor is None:  # else the end of `run` tells it
            with contextlib.suppress(GorgiasError, OSError, ValueError):
                self._monitor = Monitor(_ping_url(given()))
                self._tell_monitor(error.exit_status, {})

    def spider(self, named: str | None = None) -> type[GorgiasSpider]:
        """Return the spider that is *named*. Raises `CannotStartError`."""
        return project.our_spider(self.settings, named)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider that *args* names."""
        of_file = {} if opts.env_file is None else {"env_file": opts.env_file}
        self._monitor = Monitor(_ping_url(opts))
        self._monitor.began()
        crawler = self.run_spider(self._spider, **of_file, **opts.spargs)
        figures: Mapping[str, int] = {}
        if self.exitcode == 0:
            figures = figures_of(crawler)
            self.exitcode = figures["exit_status"]
        self._tell_monitor(self.exitcode, figures)

    def _tell_monitor(self, exit_status: int, figures: Mapping[str, int]) -> None:
        assert self._monitor is not None
        if failure := self._monitor.ended(exit_status, figures):
            # Not in the log, whose last line says what the run came to.
            say(failure)


def _ping_url(opts: argparse.Namespace) -> str | None:
    """Return where a monitor is told; of an estimate, which nobody awaits, nowhere."""
    if opts.spargs.get("estimate", "false") != "false":
        return None
    return find_ping_url(os.environ, **_whose(opts))


def _whose(opts: argparse.Namespace) -> dict[str, str | None]:
    return {"name": opts.spargs.get("account"), "env_file": opts.env_file}
