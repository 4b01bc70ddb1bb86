"""Numbers and lengths of time in words, as a reader wants them."""


def duration(seconds: float) -> str:
    """Say a length of time in the two units that matter: ``13 h 46 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def many(number: int, noun: str) -> str:
    """Say so many of something: ``1 ticket``, ``1,200 tickets``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Say a number of bytes: ``999 bytes``, ``1.5 MB``, in powers of 1,000."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number / unit:,.1f} {name}"
    return many(number, "byte")
