"""The spiders of the project that a command runs in, by their names."""

from collections.abc import Mapping
from typing import Any

from scrapy import Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoaderProtocol, get_spider_loader
from scrapy.utils.misc import load_object
from scrapy.utils.python import global_object_name

from gorgias_crawler.command_line import typed
from gorgias_crawler.errors import CommandLineError, ConfigurationError
from gorgias_crawler.spiders.gorgias import GorgiasSpider
from gorgias_crawler.spiders.run import RunSpider


def loader(settings: BaseSettings) -> SpiderLoaderProtocol:
    """Return what loads spiders. Raises `ConfigurationError` where one is broken."""
    try:
        return get_spider_loader(settings)
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        modules = ", ".join(settings.getlist("SPIDER_MODULES"))
        raise ConfigurationError(
            f"SPIDER_MODULES={modules}: they cannot be loaded "
            f"({type(error).__name__}: {error}): check their names, and that their "
            "directory is in PYTHONPATH."
        ) from None


def spiders(settings: BaseSettings) -> dict[str, type[Spider]]:
    """Return the spiders by name. Raises `ConfigurationError` as above."""
    known = loader(settings)
    return {name: known.load(name) for name in known.list()}


def spider(settings: BaseSettings, name: str) -> type[Spider]:
    """Return the spider *name*.

    Raises `CommandLineError` where there is none, `ConfigurationError` as above.
    """
    known = spiders(settings)
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise CommandLineError(f"There is no spider {name!r} here; there are: {names}.")
    return known[name]


def our_spider(settings: BaseSettings, name: str | None) -> type[GorgiasSpider]:
    """Return the spider *name*, which keeps an archive. Raises as `spider` does.

    Where none is named it is the only one of the project that is made of ours, else
    ours.
    """
    if name is None and (only := _only(settings)):
        return only
    return as_ours(spider(settings, name or GorgiasSpider.name))


def _only(settings: BaseSettings) -> type[GorgiasSpider] | None:
    found = [s for s in spiders(settings).values() if issubclass(s, GorgiasSpider)]
    return found[0] if len(found) == 1 else None


def as_ours(found: type[Spider]) -> type[GorgiasSpider]:
    """Return *found*. Raises `CommandLineError` where it is not made of ours."""
    if not issubclass(found, GorgiasSpider):
        raise CommandLineError(
            f"The spider {found.name!r} is not made of GorgiasSpider, and the settings "
            "here would change what it does without a word: run it in a project of its "
            "own."
        )
    return found


def check_foreign(found: type[Spider], command: str) -> None:
    """Raise `CommandLineError` where *command* would run a spider of ours.

    It would open a job and begin a run that is none.
    """
    if issubclass(found, RunSpider):
        raise CommandLineError(
            f"`{command}` does not run the spider {found.name!r}, because it keeps a "
            f"job: run `{typed('crawl', found.name)}`. What the API answers is shown by "
            "`curl -u YOU@EXAMPLE.COM URL`, which asks for the key."
        )


def spider_of_rows(
    settings: BaseSettings, last: Mapping[str, Any]
) -> type[GorgiasSpider]:
    """Return the spider whose rows and settings files are written with.

    It is that of the last run, whose manifest is *last*. Where that is ours, or there
    was none, and the project has a single one that is made of ours, it is that. Raises
    `ConfigurationError`.
    """
    path = str(last.get("spider") or _OURS)
    if path != _OURS:
        try:
            return as_ours(load_object(path))
        except Exception as error:  # noqa: BLE001 - a module may raise anything
            raise ConfigurationError(
                f"The last run was by a spider of yours, {path}, which cannot be loaded "
                f"here ({type(error).__name__}: {error}): run this in its project, or "
                "crawl once more with a spider that is here."
            ) from None
    return _only(settings) or GorgiasSpider


_OURS = global_object_name(GorgiasSpider)
