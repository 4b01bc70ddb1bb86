"""``scrapy crawl`` with an exit status that can be trusted."""

import argparse
import contextlib
import os
import sys
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

from scrapy.commands import BaseRunSpiderCommand
from scrapy.crawler import Crawler
from scrapy.utils.conf import arglist_to_dict

from gorgias_crawler import arguments, config
from gorgias_crawler.commands import project
from gorgias_crawler.commands.running import (
    SpiderCommand,
    add_env_file_option,
    show_tables,
)
from gorgias_crawler.config import environment
from gorgias_crawler.config.accounts import find_account, find_name
from gorgias_crawler.errors import EXIT_INCOMPLETE, GorgiasError
from gorgias_crawler.extensions.run_report import RunReport
from gorgias_crawler.job.directory import default_path, note_refusal
from gorgias_crawler.spiders.gorgias import GorgiasSpider


class Command(SpiderCommand, BaseRunSpiderCommand):
    """Runs a spider; 0 is complete, 3 incomplete, 1 cannot start, 2 wrong usage."""

    arguments = arguments.MEANINGS
    operands = range(2)
    example = "crawl gorgias -s JOBDIR=crawls/run1"

    def syntax(self) -> str:
        """Return the usage line."""
        return "[options] [gorgias]"

    def short_desc(self) -> str:
        """Return the line in the list of commands."""
        return "Export a Gorgias account; run again, resume or refresh"

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
        assert self.settings is not None
        self._spider = self.spider(args[0] if args else GorgiasSpider.name)
        super().check(args, opts)
        arguments.parse(opts.spargs)
        account = find_account(
            os.environ, name=opts.spargs.get("account"), env_file=opts.env_file
        )
        host = account.host.partition(":")[0]
        if self.settings.getbool("HTTPPROXY_ENABLED") and not proxy_bypass(host):
            environment.check_proxy(getproxies(), account.base_url)

    def tell_refusal(self, error: GorgiasError) -> None:
        """Say why nothing was started, in ``run.json``, too."""
        assert self.settings is not None
        super().tell_refusal(error)
        with contextlib.suppress(GorgiasError, OSError, ValueError):
            named = self.settings["JOBDIR"]
            path = Path(named) if named else default_path(_account_asked_for())
            note_refusal(path, error)

    def spider(self, named: str) -> type[GorgiasSpider]:
        """Return the spider that is *named*. Raises `CannotStartError`."""
        assert self.settings is not None
        return project.our_spider(self.settings, named)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider that *args* names, ours if none."""
        of_file = {} if opts.env_file is None else {"env_file": opts.env_file}
        crawler = self.run_spider(self._spider, **of_file, **opts.spargs)
        if self.exitcode == 0:
            self.exitcode = self._exit_status(crawler)

    def _exit_status(self, crawler: Crawler) -> int:
        report = crawler.get_extension(RunReport)
        if report is None:
            return EXIT_INCOMPLETE
        # After a second Ctrl-C Scrapy leaves without its last signals.
        report.finish()
        return report.exit_status


def _account_asked_for() -> str:
    """Return the name of the account, whatever else is wrong with the command line.

    Raises `ConfigurationError`, and `ValueError` where it cannot be told.
    """
    asked = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    asked.allow_abbrev = False
    asked.add_argument("-a", dest="spargs", action="append", default=[])
    asked.add_argument("--env-file")
    try:
        opts, _ = asked.parse_known_args(sys.argv[1:])
    except argparse.ArgumentError:
        raise ValueError from None
    name = arglist_to_dict(opts.spargs).get("account")
    return find_name(os.environ, name=name, env_file=opts.env_file)
