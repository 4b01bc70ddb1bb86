"""``scrapy check``, for spiders that keep no job."""

import argparse

from scrapy.commands import check
from scrapy.contracts import ContractsManager
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from gorgias_crawler.commands import project
from gorgias_crawler.commands.of_scrapy import Verb


class Command(Verb, check.Command):
    """Checks the contracts of other spiders; ours has none, and none can be added."""

    operands = range(1000)  # as many spiders as are named
    example = "check"

    def check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Refuse contracts of a spider of ours. Raises `CommandLineError`."""
        known = project.spiders(self.settings)
        asked = self.settings.get_component_priority_dict_with_base("SPIDER_CONTRACTS")
        contracts = ContractsManager(map(load_object, build_component_list(asked)))
        for name in args or known:
            found = project.spider(self.settings, name)
            if not opts.list and contracts.tested_methods_from_spidercls(found):
                project.check_foreign(found, self.verb)
