"""The command ``gorgias-crawler``, which takes Ctrl-C in its first moments, too."""

import sys

from gorgias_crawler.errors import EXIT_INCOMPLETE


def main() -> None:
    """Run the command that is named, and exit with its status.

    A crawl or an export that is at work ends by itself where it is asked to.
    """
    try:
        # Half a second, in which Ctrl-C is no less likely than in any other.
        from gorgias_crawler.commands import anywhere  # noqa: PLC0415

        anywhere.run()
    except KeyboardInterrupt:
        print("gorgias_crawler: stopped.", file=sys.stderr)
        sys.exit(EXIT_INCOMPLETE)


if __name__ == "__main__":
    main()
