"""A job as a whole: its directory, account, manifest and closing lines."""
