"""Numbers and lengths of time in words, as a reader wants them."""


def duration(seconds: float) -> str:
    """Say a length of time in the two units that matter: ``13 h 46 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    if minutes < 48 * 60:  # two days: until then people count hours
        return _two_units(*divmod(minutes, 60), "h", "min")
    return _two_units(*divmod(round(seconds / 3_600), 24), "d", "h")


def _two_units(many: int, few: int, larger: str, smaller: str) -> str:
    return f"{many} {larger}" + (f" {few} {smaller}" if few else "")


def many(number: int, noun: str) -> str:
    """Say so many of something: ``1 ticket``, ``1,200 tickets``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Say a number of bytes: ``999 bytes``, ``1.5 MB``, in powers of 1,000."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number / unit:,.1f} {name}"
    return many(number, "byte")
