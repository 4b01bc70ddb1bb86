"""What ``-a relist=...`` begins anew: the listing of tickets, or all messages too."""

from gorgias_crawler.archive import states, walks
from gorgias_crawler.fetch.list_walks import ListWalks
from gorgias_crawler.fetch.memory import RunMemory
from gorgias_crawler.fetch.plans import Relist


def is_to_begin(memory: RunMemory) -> bool:
    """Tell whether this run begins a relisting.

    One that was killed goes on, unless more is asked for now.
    """
    wanted, begun = memory.options.relist, memory.archive.facts.relisting
    is_begun = begun is not None and wanted.value in (begun, Relist.TICKETS.value)
    return wanted is not Relist.NOTHING and not is_begun


def begin(memory: RunMemory, lists: ListWalks) -> None:
    """Begin to list all tickets anew, and to read all messages where that is asked."""
    archive, options = memory.archive, memory.options
    lists.begin_listing()
    with archive.transaction():
        archive.facts.relisting = options.relist.value
        if options.relist is Relist.FULL and not options.estimate:
            archive.facts.reread_run = memory.run
            states.forget_all_staged(archive)
            walks.forget(archive, *walks.OF_MESSAGES)
