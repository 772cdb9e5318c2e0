-- Messages that are edited and answered.

-- The `seq` of the event of the same canvas whose words this one repeats: of an edit, and of an
-- answer to a message. Such an event is stored without the words, and is read with those that
-- the other one has by then. `canvases.last_removal` is from now on the `seq` of the newest
-- event that removed words or replaced them.
ALTER TABLE canvas_events ADD COLUMN words_of BIGINT;
