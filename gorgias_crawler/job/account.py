"""What the first answer tells: whether the key fits, and whose job this is."""

from gorgias_crawler import errors
from gorgias_crawler.archive import Archive
from gorgias_crawler.config import Account


def claim_job(archive: Archive, account: Account, domain: str | None) -> None:
    """Bind the job to the account, or check that it is bound to this one.

    *domain* is what ``/api/account`` says, None where the key may not ask for it; then
    the host must do. Raises `JobError` with both names.
    """
    check_account(archive, account, domain)
    with archive.transaction():
        archive.facts.host = account.host
        archive.facts.domain = domain or archive.facts.domain


def check_account(archive: Archive, account: Account, domain: str | None) -> None:
    """Raise `JobError` where *archive* is bound to another account."""
    bound_domain, bound_host = archive.facts.domain, archive.facts.host
    if bound_domain and domain:
        bound, asked = bound_domain, domain
    else:
        bound, asked = bound_host or account.host, account.host
    if bound != asked:
        raise errors.JobError(
            f"JOBDIR: {archive.path.parent} holds the account {bound!r}, and the "
            f"credentials are of {asked!r}: give each account a job directory of its "
            "own with -s JOBDIR=..."
        )


def explain(account: Account, error: errors.AnswerError) -> errors.GorgiasError | None:
    """Return the end that the failed first call means for the run, if it is one.

    A 403 is none: a token that may read tickets only is refused here, and the listing
    decides.
    """
    match error:
        case errors.RefusedError(status=403):
            return None
        case errors.UnauthorizedError():
            return errors.CredentialsError(
                f"{account.host} refuses the credentials ({error.reason}): check "
                "GORGIAS_API_USER and GORGIAS_API_KEY (or GORGIAS_AUTH_STRING, "
                f"GORGIAS_ACCESS_TOKEN) in {account.place}."
            )
        case errors.NotFoundError() | errors.RefusedError():
            return errors.CredentialsError(
                f"There is no Gorgias account at {account.base_url} "
                f"({error.reason}): check GORGIAS_SUBDOMAIN or GORGIAS_API_URL."
            )
        case errors.MisdirectedError():
            return errors.CannotStartError(str(error))
    return errors.RunEndError(
        "unanswered",
        f"{account.host} does not answer as Gorgias does ({error.reason}): check the "
        "network and GORGIAS_SUBDOMAIN, then run the same command again.",
    )
