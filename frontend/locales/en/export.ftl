### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = Tile { $place } as it was then

# What typing "@12,7~4711" does, in the list of shortcuts.
name-tile-then = Name a tile as it was

## The bar with the past of a tile, in its panel.

past = Past of this tile
step = Change
changes =
    { $n ->
        [one] { NUMBER($n) } change so far
       *[other] { NUMBER($n) } changes so far
    }
change-of = Change { NUMBER($n) } of { $all }
before-first = Before the first change
past-away = What this tile was cannot be had just now.
step-created = Started the tile
step-painted = Painted
step-titled = Changed the title
step-undone = Took back a stroke
step-deleted = Deleted the tile
step-rewritten = Took back or restored
# For screen readers: "Change 3 of 9: Ann, Painted, 12 May 2026, 20:14".
step-text = { $step }: { $name }, { $what }, { $time }
play = Play
pause = Pause
board-then = See the board then
mention-then = Mention it as it was
restore-to-this = Restore to this

## A GIF of a tile.

share-gif = Share as GIF
gif-of = Tile { $place } as a GIF
# What the picture in the dialog shows.
gif-shows = How tile { $place } was drawn
gif-making = Making the GIF…
gif-away = The GIF cannot be had just now.
share-file = Share…
copy-link = Copy link
link-copied = The link to this GIF was copied.
link-private = Only members of this canvas can open the link.

## How long a film is, and how large.

length = Length
seconds =
    { $n ->
        [one] { NUMBER($n) } second
       *[other] { NUMBER($n) } seconds
    }
scale = Size of a pixel

## Export.

export = Export…
export-title = Export
kind = What
kind-gif = GIF
kind-apng = APNG
kind-png = PNG
kind-log = Log
kind-gif-hint = A film that plays everywhere.
kind-apng-hint = A film as PNG, smaller than a GIF. Browsers play it.
kind-png-hint = One picture.
kind-log-hint = All that ever happened here, one event a line: your copy of the whole history.
of-what = Of
whole-board = The board
an-area = An area
this-tile = Tile { $place }
time = From
time-beginning = The beginning
time-day = A day ago
time-week = A week ago
# While the past is shown.
until-then = It ends with the moment that is shown.
by-whom = Painted by
everybody = Everybody
myself = Myself
somebody-else = Somebody else…
user-name = User name
preview = Preview
# Instead of a film, where it is too large to be made at once.
preview-last = The film ends with this.
no-preview = No preview just now.
too-large = This is too large. Choose a smaller area.
sign-in-to-export = Sign in to export more than 16 tiles or the log.
start = Make the file
is-running = A file of yours is being made already. Wait until it is done, or stop it.
nobody-of-that-name = Nobody here has this user name.

## A file that is being made.

file = File of the past
# $kind: as in "GIF". $canvas: the name of a canvas.
file-of = { $kind } of { $canvas }
waiting = Waiting to begin
making = { $percent } done
done = Ready, { $size }
failed = This file could not be made. Please try again.
gone = This file is not there any more.
stop = Stop
dismiss = Hide
size-kb = { NUMBER($n) } KB
size-mb = { $n } MB

## Ghost.

ghost = Yesterday's tile
ghost-on = What was here yesterday is shown faintly.
ghost-empty = Nothing was here yesterday.
ghost-away = What was here yesterday cannot be had just now.
