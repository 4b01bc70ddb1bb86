"""A ticket's own answer: its pages wait in a stage, and take effect with the last."""

from gorgias_crawler.api import Message, Page
from gorgias_crawler.archive import walks
from gorgias_crawler.archive.file import Archive
from gorgias_crawler.archive.tickets import (
    DUE_AS_SAMPLE,
    columns,
    forget_staged,
    move,
    settle,
)


def store_ticket_page(archive: Archive, ticket_id: int, page: Page[Message]) -> None:
    """Store a page of a ticket's own message URL.

    Earlier pages wait in a stage and replace what was archived of the ticket with the
    last page, not before: a kill in between loses nothing old.
    """
    with archive.transaction() as db:
        db.executemany(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, ?)",
            (
                (*columns(row, row.ticket_id or ticket_id), ticket_id)
                for row in page.rows
            ),
        )
        if page.next_cursor is None:
            _unstage(archive, ticket_id)
        else:
            db.execute(
                "INSERT OR REPLACE INTO walk (name, cursor) VALUES (?, ?)",
                (walks.of_ticket(ticket_id), page.next_cursor),
            )


def restart_ticket(archive: Archive, ticket_id: int) -> None:
    """Begin a ticket's pages again, because its cursor was refused."""
    with archive.transaction():
        forget_staged(archive, ticket_id)


def _unstage(archive: Archive, ticket_id: int) -> None:
    _note_sample(archive, ticket_id)
    move(
        archive, "SELECT id, ticket_id FROM staged WHERE asked_ticket_id = ?", ticket_id
    )
    archive.db.execute(
        "DELETE FROM message WHERE ticket_id = ?1 AND id NOT IN "
        "(SELECT id FROM staged WHERE asked_ticket_id = ?1)",
        (ticket_id,),
    )
    archive.db.execute(
        "INSERT OR REPLACE INTO message "
        "SELECT id, ticket_id, created_us, unsent, raw FROM staged "
        "WHERE asked_ticket_id = ?",
        (ticket_id,),
    )
    archive.db.execute(
        "UPDATE ticket SET due = 0, gone = 0, answered = "
        "(SELECT count(*) FROM message WHERE ticket_id = ?1) WHERE id = ?1",
        (ticket_id,),
    )
    settle(archive, ticket_id)


def _note_sample(archive: Archive, ticket_id: int) -> None:
    """Note whether a sampled ticket's own answer is what the walk had brought."""
    (differing,) = archive.db.execute(
        "SELECT count(*) FROM ("
        "SELECT id FROM message WHERE ticket_id = ?1 UNION "
        "SELECT id FROM staged WHERE asked_ticket_id = ?1 EXCEPT "
        "SELECT message.id FROM message JOIN staged USING (id) "
        "WHERE message.ticket_id = ?1 AND asked_ticket_id = ?1)",
        (ticket_id,),
    ).fetchone()
    archive.db.execute(
        "UPDATE fact SET value = value + 1 WHERE name = ? "
        "AND EXISTS (SELECT 1 FROM ticket WHERE id = ? AND due = ?)",
        (
            "sample_differing" if differing else "sample_equal",
            ticket_id,
            DUE_AS_SAMPLE,
        ),
    )


def store_gone(archive: Archive, ticket_id: int) -> None:
    """Record that a ticket's message URL says 404: it has no messages any more."""
    with archive.transaction() as db:
        db.execute("DELETE FROM message WHERE ticket_id = ?", (ticket_id,))
        db.execute(
            "UPDATE ticket SET due = 0, gone = 1, answered = 0 WHERE id = ?",
            (ticket_id,),
        )
        settle(archive, ticket_id)


def store_failure(archive: Archive, ticket_id: int, reason: str, run: int) -> None:
    """Record that a ticket cannot be fetched in this run; it stays due."""
    with archive.transaction() as db:
        db.execute(
            "INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (ticket_id, reason, run)
        )
