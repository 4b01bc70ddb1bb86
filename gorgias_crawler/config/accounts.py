"""The account of a run: that of ``.env`` and the environment, or one of several.

Each of several accounts has a file of its own, which then counts alone, so that nothing
of one can reach another.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from gorgias_crawler.config import (
    ENV_FILE,
    VARIABLES,
    Account,
    environment,
    read_account,
    read_env_file,
    read_name,
)
from gorgias_crawler.errors import ConfigurationError

ACCOUNTS = Path("accounts")
"""Where the files of several accounts are, in the working directory."""

_SECRETS = {"GORGIAS_API_KEY", "GORGIAS_AUTH_STRING", "GORGIAS_ACCESS_TOKEN"}

# What is the name of a file and a directory on every system, and no path. Subdomains,
# which most are named after, have at most 63 letters.
_NAME = re.compile(r"\w(?:[\w.-]{0,62}\w)?")


def find_account(
    environ: Mapping[str, str], *, name: str | None = None, env_file: str | None = None
) -> Account:
    """Return the account *name*, that of *env_file*, or that of ``.env`` and *environ*.

    Raises `ConfigurationError`, also for credentials in *environ* beside those of a
    file that was asked for.
    """
    path = _path(name, env_file)
    if path is None:
        in_file = _values(read_env_file(ENV_FILE))
        _refuse_to_guess({**in_file, **environ})
        account = read_account({**in_file, **environ})
        is_used = in_file.keys() & _SECRETS - environ.keys()
        return replace(account, file=ENV_FILE if is_used else None)
    asked = f"-a account={name}" if env_file is None else f"--env-file {env_file}"
    _refuse_others(environ, asked, path)
    account = _read(path, asked)
    return replace(account, name=name or account.name, file=path, is_chosen=True)


def find_name(
    environ: Mapping[str, str], *, name: str | None = None, env_file: str | None = None
) -> str:
    """Return the name of the account that `find_account` finds, without credentials.

    Raises `ConfigurationError`.
    """
    if name is not None:
        return _file_of(name).stem
    return read_name(_variables(environ, None, env_file))


def find_ping_url(
    environ: Mapping[str, str], *, name: str | None = None, env_file: str | None = None
) -> str | None:
    """Return where the monitor of that account is told of each run, None if nowhere.

    Raises `ConfigurationError`.
    """
    url = _variables(environ, name, env_file).get("GORGIAS_PING_URL", "").strip()
    if url:
        environment.check_ping_url(url)
    return url or None


def _variables(
    environ: Mapping[str, str], name: str | None, env_file: str | None
) -> dict[str, str]:
    path = _path(name, env_file)
    in_file = _values(read_env_file(path or ENV_FILE))
    return {**in_file, **(environ if path is None else {})}


def _path(name: str | None, env_file: str | None) -> Path | None:
    of_name = None if name is None else _file_of(name)
    return of_name if env_file is None else Path(env_file)


def shared_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ``.env`` holds beside the account, and *environ* does not.

    Proxies, certificates and the keys of stores are read from the environment alone, by
    libraries. Raises `ConfigurationError`.
    """
    values = _values(read_env_file(ENV_FILE)).items()
    others = environ.keys() | VARIABLES.keys()
    return {name: value for name, value in values if name not in others}


def is_open_to_others(path: Path) -> bool:
    """Tell whether the owner of *path* should take rights away from other users.

    As ssh does with its keys (ssh-keygen(1)), whose owner alone can mend it; but what
    is mounted read-only cannot be mended here.
    """
    if not hasattr(os, "getuid"):  # Windows has other rights
        return False
    status = path.stat()
    is_mine = status.st_uid == os.getuid() and os.access(path, os.W_OK)
    return is_mine and bool(status.st_mode & 0o077)


def _file_of(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"-a account={name}: give the name of a file in {ACCOUNTS} without its "
            f"ending, letters, digits, '.', '_' and '-' alone: acme for "
            f"{ACCOUNTS / 'acme.env'}."
        )
    return ACCOUNTS / f"{name}.env"


def _refuse_to_guess(variables: Mapping[str, str]) -> None:
    """Raise `ConfigurationError` where there are accounts, and none is asked for."""
    is_default = any(variables.get(name, "").strip() for name in VARIABLES)
    if not is_default and (there := sorted(_names())):
        raise ConfigurationError(
            f"Which account? Name it with -a account={there[0]}; there are the accounts "
            f"{', '.join(there)}."
        )


def _refuse_others(environ: Mapping[str, str], asked: str, path: Path) -> None:
    others = [name for name in VARIABLES if environ.get(name, "").strip()]
    if others:
        raise ConfigurationError(
            f"{' and '.join(others)} in the environment would be ignored, because "
            f"{asked} reads {path} alone: unset {'them' if others[1:] else 'it'}, or "
            f"leave {asked} out."
        )


def _read(path: Path, asked: str) -> Account:
    """Read the account that stands in *path*, where nothing else may stand."""
    text = read_env_file(path)
    if not text and not path.is_file():
        there = ", ".join(sorted(_names()))
        raise ConfigurationError(
            f"{asked}: there is no file {path.absolute()}: write GORGIAS_SUBDOMAIN, "
            "GORGIAS_API_USER and GORGIAS_API_KEY into it, each as a line NAME=VALUE"
            + (f"; there are the accounts {there}." if there else ".")
        )
    environment.check_lines(text, path, is_shared=False)
    try:
        return read_account(_values(text), str(path))
    except ConfigurationError as error:
        told = str(error)
        raise ConfigurationError(
            told if str(path) in told else f"{path}: {told}"
        ) from None


def _names() -> Iterator[str]:
    for path in ACCOUNTS.glob("*.env"):
        if _NAME.fullmatch(path.stem):
            yield path.stem


# What it cannot read, `environment.check_lines` says.
logging.getLogger("dotenv").setLevel(logging.ERROR)


def _values(text: str) -> dict[str, str]:
    values = dotenv_values(stream=StringIO(text)).items()
    return {name: value for name, value in values if value is not None}
