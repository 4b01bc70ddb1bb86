"""Every way a run can go wrong: the failure model of the crawler.

The text of an error is a sentence for the person who runs the crawl. It names the
setting or argument, shows the value (never a secret) and gives the next step.
"""

import traceback

EXIT_COMPLETE = 0
EXIT_CANNOT_START = 1
EXIT_WRONG_USAGE = 2  # as Scrapy and argparse end on a wrong command line
EXIT_INCOMPLETE = 3


class GorgiasError(Exception):
    """Base of all errors that are shown to the user as one sentence."""

    exit_status = EXIT_INCOMPLETE


class CannotStartError(GorgiasError):
    """The run ends before it fetched anything; the user can mend the cause."""

    exit_status = EXIT_CANNOT_START


class CommandLineError(CannotStartError):
    """The command line has an option or argument that does not exist."""

    exit_status = EXIT_WRONG_USAGE


class ConfigurationError(CannotStartError):
    """A variable, setting or argument is missing or malformed (``config.py``)."""


class CredentialsError(CannotStartError):
    """The first call was answered 401, or by something that is not the account."""


class JobError(CannotStartError):
    """The job directory is locked, damaged, foreign or of another account."""


class FeedError(CannotStartError):
    """A feed cannot be set up: unknown storage, unwritable path, a foreign file."""


class RunEndError(GorgiasError):
    """The run cannot go on, but the same command can later: outage, refusal, loop.

    ``reason`` is the close reason that Scrapy reports, in its snake_case.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class FaultError(RunEndError):
    """The crawler itself has a fault: *error*, which nothing expected."""

    def __init__(self, error: BaseException) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        at = f" in {frames[-1].name}" if frames else ""
        super().__init__(
            "fault",
            f"This is a bug in gorgias_crawler ({type(error).__name__}{at}): please "
            "report it with the lines above. What was archived is kept, and the same "
            "command tries again.",
        )


class AnswerError(GorgiasError):
    """What a call came to when no retry can help it any more.

    ``reason`` is short and holds no customer's words: it is stored with the ticket,
    logged and written to the manifest.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnauthorizedError(AnswerError):
    """401: the key is wrong, or was revoked during the run."""


class NotFoundError(AnswerError):
    """404 or 410: the ticket is gone, or the cursor has expired.

    ``of_the_api`` is false where a web page came in place of the API's own error: then
    nothing is known about the ticket, and the subdomain may be wrong.
    """

    def __init__(self, reason: str, *, of_the_api: bool) -> None:
        super().__init__(reason)
        self.of_the_api = of_the_api


class RefusedError(AnswerError):
    """400, 403, 422, once more where it may be a firewall's whim; 429 to a probe."""

    def __init__(self, reason: str, *, status: int) -> None:
        super().__init__(reason)
        self.status = status


class MisdirectedError(AnswerError):
    """A redirect, or a server that cannot prove its name: the key was kept back."""


class UnansweredError(AnswerError):
    """Network errors, 5xx or unusable bodies outlasted all retries."""


class StoppedError(GorgiasError):
    """The run was stopped while this request waited: dropped, not failed."""


LOOK_S = 0.2
"""How soon whatever waits notices that the run stops; nobody minds so little."""


def is_gone(error: AnswerError) -> bool:
    """Tell whether the API itself, not a server before it, says that it is gone."""
    return isinstance(error, NotFoundError) and error.of_the_api


def refuses_cursor(cursor: str | None, error: AnswerError) -> bool:
    """Tell whether it is the cursor that the API does not know any more.

    Cursors are documented as short-lived, but not how an old one is answered
    (https://developers.gorgias.com/reference/pagination).
    """
    if cursor is None:
        return False
    if isinstance(error, RefusedError):
        return error.status != 403
    return isinstance(error, NotFoundError)
