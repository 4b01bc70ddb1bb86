"""From the archive to rows."""
