### The past of a canvas: the time bar, the moment that is looked at.

clock = History
clock-close = Close the history
bar = History of the canvas
handle = Moment
now = Now
before-all = Before the first change
# A moment, and who made its last change and where, as in "12 May, 20:14, by Ann at 12, 7".
moment-by = { $moment }, by { $name } at { $place }
# The place and who: "Ann at 12, 7".
change-by = { $name } at { $place }
step-back = Previous change
step-forward = Next change
play = Play
play-back = Play backwards
pause = Pause
speed = Speed
# How many times as fast as it was.
times = { NUMBER($n) }×
by-time = Spread by time
by-changes = Spread by changes
close = Close the time bar
empty = Nothing was drawn here yet.
# In a hint over the bar: "128 changes, 3 people".
changes-and-people = { $changes }, { $people }
past = The past
back-to-now = Back to now
loading = Loading this moment
may-not-draw = This is the past. Go back to now to draw.
restore-tile = Restore this tile…
restore-area = Restore this area…
restore-title = Restore what was then
# The moment to which something is restored.
restore-to = As it was: { $moment }

## Problems.

away = The history cannot be reached just now.
busy = The server has too much to do just now.
no-such-moment = This moment is not in the history of this canvas.
too-far = Zoom in to see this much of the past.
retry = Try again

## Shortcuts.

keys = History
key-open = Open or close the history
key-play = Play backwards, pause, play; again to play faster
key-step = Previous or next change
key-person = Previous or next change by somebody else
key-ends = The beginning, and now
changes =
    { $n ->
        [one] { NUMBER($n) } change
       *[other] { NUMBER($n) } changes
    }
people =
    { $n ->
        [one] { NUMBER($n) } person
       *[other] { NUMBER($n) } people
    }
# Since the past was entered, on the live canvas.
meanwhile =
    { $n ->
        [one] { NUMBER($n) } change since
       *[other] { NUMBER($n) } changes since
    }
