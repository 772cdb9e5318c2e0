### Who painted what, and taking it back.

## Who painted this.

who-painted = Who painted this
who-painted-hint = Point at a pixel, or tap it, to see whose it is.
who-painted-away = Who painted this cannot be had just now.
painters = Painters of this tile
nobody = Nobody
others = Others
pixel-by = Pixel { $place }: { $name }

## Take back what they painted.

take-back = Take back what they painted…
take-back-own = Take back what I painted…
take-back-from = Take back what { $name } painted
take-back-mine = Take back what you painted
people-label = Painted by
person-label = User name of somebody else
add-person = Add
leave-out = Leave out { $name }
window = When
window-minutes = Last 10 minutes
window-hour = Last hour
window-day = Last day
window-week = Last 7 days
window-ever = Ever
area = Where
area-all = Everywhere
area-drawn = In an area
area-hint = Drag over the board to draw the area, or write its corners.
area-left = First column
area-top = First row
area-right = Last column
area-bottom = Last row
reason = Reason
reason-hint = Everybody here can read it in the log.
counting = Counting…
found = { $tiles }, { $pixels }
# $found: as in "412 tiles, 18,300 pixels". $left: as in "240 since painted over by others, left alone".
found-and-left = { $found }; { $left }
found-nothing = There is nothing to take back.
as-it-was = It looks as it did then already.
take-back-action = Take back
stop = Stop
undo = Undo
running = At work: { $tiles }, { $pixels }.
taken-back = Taken back: { $tiles }, { $pixels }.
restored = Restored: { $tiles }, { $pixels }.
brought-back = Undone: { $tiles }, { $pixels }.
stopped = Stopped. What is done stays: { $tiles }, { $pixels }.
no-change = Nothing had to be changed.

## Restore.

restore = Restore…
restore-tile = Restore tile { $place }
restore-area = Restore an area
restore-when = As it was
restore-minutes = 10 minutes ago
restore-hour = 1 hour ago
restore-day = 1 day ago
restore-week = 7 days ago
restore-event = Before the change at { $time }
restore-before = Restore to before this
restore-action = Restore

## Problems.

too-large = These are more than 4,096 tiles. Choose a smaller area or a shorter time.
is-running = Somebody is taking something back here already. Wait until that is done.
not-allowed = Not possible: take back only what people of a lower rank painted, and restore only tiles that you started.
already-undone = This was undone already.
pixels =
    { $n ->
        [one] { $n } pixel
       *[other] { $n } pixels
    }
left-alone = { NUMBER($n) } since painted over by others, left alone
painted-by =
    { $n ->
        [one] { $n } person painted this tile
       *[other] { $n } people painted this tile
    }
