"""What is given and cannot be meant: settings and components, refused in a sentence."""

from gorgias_crawler.refusals.settings import (
    check_each,
    check_log,
    check_settings,
    refuse_variable,
)

__all__ = ["check_each", "check_log", "check_settings", "refuse_variable"]
