"""``scrapy runspider``: a crawl by a spider of the user's that is in no project."""

import sys
from importlib import import_module
from pathlib import Path

from scrapy.utils.spider import iter_spider_classes

from gorgias_crawler.commands import crawl, project
from gorgias_crawler.errors import CommandLineError, ConfigurationError
from gorgias_crawler.spiders.gorgias import GorgiasSpider


class Command(crawl.Command):
    """Runs the spider of a file, in every other way as ``scrapy crawl`` does."""

    operands = range(1, 2)
    example = "runspider my_spider.py -s JOBDIR=crawls/run1"
    usage = "[options] FILE.py"
    summary = "Export by a spider of your own that stands in a Python file"

    def spider(self, named: str | None = None) -> type[GorgiasSpider]:
        """Return the spider of the file *named*. Raises `CannotStartError`."""
        assert named is not None
        path = Path(named)
        if path.suffix not in {".py", ".pyw"} or not path.is_file():
            raise CommandLineError(
                f"{named} is no Python file: `{self.shown_example}`."
            )
        sys.path.insert(0, str(path.resolve().parent))
        try:
            found = list(iter_spider_classes(import_module(path.stem)))
        except Exception as error:  # noqa: BLE001 - a file may raise anything
            raise ConfigurationError(
                f"{named} cannot be loaded ({type(error).__name__}: {error}): mend it."
            ) from None
        if len(found) != 1:
            raise CommandLineError(
                f"{named} has {len(found)} spiders with a name: give a file with one."
            )
        return project.as_ours(found[0])
