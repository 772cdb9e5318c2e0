### Comments on tiles.

comments = Comments
nothing = No open comments. Say what you think of this tile.
nothing-here = No open comments. Say what could be drawn here.
away = The comments cannot be had just now.
try-again = Try again
gone = This comment is not here any more.

## Writing.

new-comment = New comment
example = Comment on this tile
send = Comment
answer = Answer
answer-to = Answer to { $name }
edit = Edit comment
save = Save
cancel = Cancel
sign-in = Sign in to comment.
over = Nothing more can be written here.
characters-left =
    { $n ->
        [one] { $n } character left
       *[other] { $n } characters left
    }
characters-over =
    { $n ->
        [one] { $n } character too many
       *[other] { $n } characters too many
    }

## One comment.

edited = edited
removed = This comment was removed.
hidden = By somebody whom you hide.
waits = Waits for the connection.
not-sent = Not sent: { $why }
retry = Retry
discard = Discard
resolve = Resolve
reopen = Open again
# What a thread is that was resolved.
was-resolved = Resolved
# The button at the bottom of the list, which shows them.
resolved =
    { $n ->
        [one] { $n } resolved
       *[other] { $n } resolved
    }
acts-on = More about the comment of { $name }
comment-of = Comment of { $name }
remove = Remove comment
copy-link = Copy link to comment
link-copied = Link to this comment copied.

## The picture that it speaks of, beside the one that is there now.

then-and-now = Then and now
then = Then
now = Now
# Instead of a picture, where there was no tile.
nothing-there = Empty
unchanged = The picture has not changed since.
changed =
    { $n ->
        [one] { $n } pixel changed since.
       *[other] { $n } pixels changed since.
    }
then-away = How it looked then cannot be had just now.

## The list of what happens on the canvas.

did-comment = Commented on tile { $place }
# By somebody whose name is not known.
was-commented = Somebody commented on tile { $place }

# In the history of the tile.
did-comment-on-it = Commented on it

## On the board.

# What the key N does, in the list of shortcuts.
shortcut = Comment on the tile

# $n or more.
many = { NUMBER($n) }+
open =
    { $n ->
        [one] { $n } open comment
       *[other] { $n } open comments
    }
# $cell: as in "tile 12, 7, by Ann, 5 likes". $comments: as in "2 open comments".
cell-with-comments = { $cell }, { $comments }
