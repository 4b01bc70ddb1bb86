-- Three metrics from what Gorgias gives, without this project's code: they must equal
-- the page's. Needs the tables
--   ticket (id, status, created, closed, snoozed, spam, trashed)
--   message (id, ticket, public, from_agent, sender, rule, at, imported, lost)
--   event (ticket, type, at): created, merged, closed, reopened; bot (id)
--   opening (opens, closes): every span of business hours
-- with times in seconds since 1970 and truths as 0 and 1; lost: deleted or not sent.

-- Tickets whose times can be known.
CREATE TABLE known AS
    SELECT id FROM ticket WHERE NOT spam AND NOT trashed
    AND id NOT IN (SELECT ticket FROM message WHERE imported);

CREATE TABLE written AS
    SELECT id, ticket, at, NOT from_agent AS by_customer, from_agent AS by_team,
        from_agent AND rule IS NULL AND sender NOT IN (SELECT id FROM bot) AS by_person
    FROM message WHERE public AND NOT lost AND ticket IN (SELECT id FROM known)
    AND ticket NOT IN (SELECT ticket FROM message WHERE at IS NULL AND NOT lost);
CREATE INDEX written_of_ticket ON written (ticket, at);

-- Of messages of one instant the smaller number came first.
CREATE TABLE asked AS
    SELECT ticket, at, id FROM (
        SELECT *, row_number() OVER (PARTITION BY ticket ORDER BY at, id) AS place
        FROM written WHERE by_customer
    ) WHERE place = 1;

CREATE TABLE history AS
    SELECT ticket, max(at) FILTER (WHERE type = 'ticket-closed') AS closed,
        coalesce(max(at) FILTER (WHERE type = 'ticket-reopened'), 0) AS reopened
    FROM event GROUP BY ticket;

-- A ticket that was closed after the newest event was closed again since then.
CREATE TABLE ended AS
    SELECT ticket.id AS ticket, ticket.created,
        CASE WHEN history.closed > history.reopened
            AND NOT coalesce(ticket.closed > (SELECT max(at) FROM event), 0)
        THEN history.closed ELSE ticket.closed END AS at
    FROM ticket LEFT JOIN history ON history.ticket = ticket.id
    WHERE ticket.status = 'closed' AND ticket.id IN (SELECT id FROM known);

CREATE TABLE span AS
    SELECT 'first_response' AS metric, asked.ticket, asked.at AS since,
        min(written.at) AS until
    FROM asked JOIN written ON written.ticket = asked.ticket
    WHERE (written.at, written.id) > (asked.at, asked.id) AND by_team GROUP BY asked.ticket
    UNION ALL
    SELECT 'first_human_response', asked.ticket, asked.at, min(written.at)
    FROM asked JOIN written ON written.ticket = asked.ticket
    WHERE (written.at, written.id) > (asked.at, asked.id) AND by_person GROUP BY asked.ticket
    UNION ALL
    SELECT 'resolution', ended.ticket,
        min(ended.created, coalesce((SELECT min(at) FROM message
            WHERE message.ticket = ended.ticket AND NOT lost), ended.created)), ended.at
    FROM ended JOIN ticket ON ticket.id = ended.ticket
    WHERE ended.at IS NOT NULL AND NOT coalesce(ticket.snoozed > ended.at, 0);

-- Whole seconds; a hair is added because seconds since 1970 are no exact fractions.
CREATE TABLE length AS
    SELECT metric, ticket, CAST(max(0, until - since) + 0.0000001 AS INTEGER) AS seconds,
        CAST(coalesce((SELECT sum(min(until, closes) - max(since, opens)) FROM opening
            WHERE opens < until AND closes > since), 0) + 0.0000001 AS INTEGER) AS business
    FROM span;
