"""A dictionary of components: the user's is laid over ours, and ours must be in it."""

from typing import Any

from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object
from scrapy.utils.python import global_object_name

from gorgias_crawler import settings
from gorgias_crawler.errors import ConfigurationError
from gorgias_crawler.refusals.rules import CLASSES, COMPONENTS, MAY_CHANGE

_OURS = ("gorgias_crawler.", "scrapy.")


def check_components(given: BaseSettings) -> None:
    """Raise `ConfigurationError` where a component is missing or cannot be loaded."""
    check_paths("ADDONS", given["ADDONS"])
    check_paths("DOWNLOAD_HANDLERS", filter(None, given["DOWNLOAD_HANDLERS"].values()))
    for name in (*COMPONENTS, *CLASSES):
        asked = _asked(name, given[name])
        for key, ours in getattr(settings, name).items():
            value = asked.get(key, ours)
            if value != ours and not _may_stand(name, key, value, ours):
                raise _refusal(name, key, value, ours)


def _asked(name: str, given: BaseSettings) -> dict[str, Any]:
    """Return what is *given*: orders by the paths of components, or classes by name."""
    if name in CLASSES:
        check_paths(name, filter(None, given.values()))
        return dict(given)
    orders = {_path(name, key): order for key, order in given.items()}
    for path, order in orders.items():
        if order is not None and not isinstance(order, int | float):
            raise ConfigurationError(
                f"{name}: {path} has {order!r} for its order: give a number."
            )
    return orders


def are_of_the_user(given: BaseSettings) -> bool:
    """Tell whether any component is neither ours nor Scrapy's: it may read settings."""
    paths = [_path(name, key) for name in COMPONENTS for key in given[name]]
    paths += [str(value) for name in CLASSES for value in given[name].values() if value]
    names = [*paths, *(f"{module}." for module in given.getlist("SPIDER_MODULES"))]
    return bool(given["ADDONS"]) or not all(n.startswith(_OURS) for n in names)


def is_made_of(value: Any, ours: str) -> bool:
    """Tell whether *value* names a class that is made of the class *ours*."""
    try:
        loaded = load_object(value)
    except (ImportError, NameError, TypeError, ValueError):
        return False
    # Not issubclass(): to Scrapy whatever looks like a scheduler is one.
    return load_object(ours) in getattr(loaded, "__mro__", ())


def check_paths(name: str, paths: Any) -> None:
    """Raise `ConfigurationError` where one of *paths* of *name* cannot be loaded."""
    for path in paths or ():
        _path(name, path)


def _path(name: str, key: Any) -> str:
    ours = getattr(settings, name, {})
    if isinstance(key, str) and key in (*ours, *ours.values()):
        return key  # it need not be imported to be known
    try:
        return global_object_name(load_object(key))
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        raise ConfigurationError(
            f"{name}: {key} cannot be loaded ({type(error).__name__}: {error}): check "
            "its name, and that its directory is in PYTHONPATH."
        ) from None


def _may_stand(name: str, key: str, asked: Any, ours: Any) -> bool:
    if name in CLASSES:
        is_off = asked is None and key not in ("", "file", "csv")
        return is_off or bool(asked and ours and is_made_of(asked, ours))
    # A call passes the downloader middlewares in an order that matters to the key.
    is_moved = None not in (asked, ours) and name != "DOWNLOADER_MIDDLEWARES"
    return key in MAY_CHANGE or is_moved


def _refusal(name: str, key: str, asked: Any, ours: object) -> ConfigurationError:
    why = "the promises of this crawl rest on it"
    if ours is None:
        why = "the promises of this crawl rest on its being off"
    return ConfigurationError(
        f"{name}: {key!r} is given as {asked}, and {why}: leave it out of the "
        "dictionary; yours are added to ours."
    )
