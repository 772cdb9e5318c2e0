### Everything but the areas with files of their own.

## The application.

name = Stellar Canvas
sentence = A sky of small pixel drawings that everybody paints together, live.
close = Close
cancel = Cancel
save = Save
or = or
you = you
somebody = Somebody
try-again = Try again
show-more = Show more
dismiss = Dismiss
notices = Notices

## Sign-in forms.

come-in = Come in and draw
join-title = Join in
your-name = Your name
your-name-example = How others see you
draw-as-guest = Draw as a guest
sign-in = Sign in
register = Register
sign-out = Sign out
username = User name
username-hint = 3 to 32 letters, digits, _ or -
password = Password
password-hint = At least 8 characters
is-guest = Guest
welcome = Good to see you. Where do you want to draw today?
pick-canvas = Pick a canvas

## Canvases.

search = Search canvases
clear-search = Show all canvases
nothing-found-title = Nothing found
nothing-found-text = No canvas has this in its name or description.
public-canvases = Public canvases
my-canvases = Your canvases
all-canvases = All canvases
new-canvas = New canvas
create-canvas = Create canvas
canvas-name = Name
canvas-name-example = Night sky
canvas-description = What is it about?
canvas-width = Columns
canvas-height = Rows
canvas-tile-size = Pixels in a tile
canvas-visibility = Who finds it
canvas-edit-policy = Who draws where
visibility-public = Everybody
visibility-public-hint = Listed on the start page
visibility-unlisted = Who has the link
visibility-unlisted-hint = Open to all, but not listed
visibility-private = Members only
visibility-private-hint = You say who may come in
policy-open = Together
policy-open-hint = Everybody draws in every tile
policy-exclusive = One at a time
policy-exclusive-hint = A tile is yours while you draw in it
policy-own = Each their own
policy-own-hint = A tile belongs to who started it
grid-size = { $width } × { $height }
preview-pixels = { $width } × { $height } pixels
side-problem = A number from { NUMBER($least) } to { NUMBER($most) }
no-canvases-title = No canvases yet
no-canvases-text = The sky is empty. Yours can be the first.
make-first-canvas = Make the first one
away-title = The server cannot be reached
away-text = Check your connection, then try again.

## Pages for errors.

not-found-title = Nothing here but stars
not-found-text = There is no page at this address. Perhaps the link lost a piece on its way.
no-canvas-title = There is no such canvas
no-canvas-text = It may have been deleted, or the link lost a piece on its way.
no-access-title = This canvas is private
no-access-text = Only its members can see it. Ask whoever gave you the link to add you, or sign in with another account.
deleted-title = This canvas was deleted
deleted-text = You see it as it was then; nothing more can be added.

## Dialogs.

shortcuts = Keyboard shortcuts
profile = Profile
status-message = What are you up to?
status-message-example = Painting the moon
canvas-title = Canvas
canvas-settings = Canvas settings
about-canvas = About this canvas
canvas-size = Columns and rows
canvas-made = Made
saved = Saved.
members = Members
members-public = Everybody may draw here. Add somebody to let them moderate, or only watch.
members-private = Nobody else can see this canvas.
member-example = As in @name
add-member = Add
remove-member = Remove { $name }
no-such-user = Nobody has this user name.
role = Role
role-of = Role of { $name }
role-owner = Owner
role-moderator = Moderator
role-editor = Draws
role-viewer = Watches
delete-canvas = Delete this canvas
delete-canvas-text = Every tile, message and like on it goes, for everybody, and cannot be brought back.
delete-canvas-label = To delete it, write its name: { $name }
times = { NUMBER($n) }×
download = Download
sign-out-title = Sign out?
sign-out-guest = You are here as a guest, so nobody can sign in as { $name } again, not even you.
sign-out-guest-stays = What you drew and said stays. Where a tile belongs to who started it, yours cannot be changed any more.
palette = Colours
palette-default = Stellar
palette-own = Your own
palette-own-label = Your colours
palette-hint = 2 to 64 colours like #f6c657, as copied from a palette's page.

## Top bar.

connection = Connection
live = Live
connecting = Connecting…
reconnecting = Reconnecting in { NUMBER($n) } s
offline = Offline
signed-out = Signed out
try-now = Try now
connection-lost = Connection lost. Trying again.
ended-deleted = Canvas deleted
ended-access = No access
ended-kicked = An administrator disconnected this tab
ended-kicked-text = The board is as it was then. What you draw now waits until you reconnect.
ended-banned = You may not come here any more
ended-banned-text = The board is as it was when you were sent away. Ask whoever runs this place.
ended-no-access = You cannot see this canvas any more
ended-no-access-text = It became private, or your role on it was taken. The board is as it was then. Ask its owner to add you.
ended-rate-limited = Disconnected: too many messages
ended-rate-limited-text = This tab sent what the server could not read. Reload the page; what waits is kept.
ended-other = Disconnected
ended-other-text = The server ended this connection. The board is as it was then.
loading-canvas = Loading the canvas…
away-loading-text = The canvas appears as soon as the server answers.
away-canvas-text = Go on drawing: what you do is kept in this browser, and sent as soon as the server is back.
offline-title = You are offline
offline-text = Go on drawing: what you do is kept in this browser, and sent as soon as you are back.
too-many-title = Too many tabs are open
too-many-text = Close some of them, here or on your other devices. This one then connects by itself.
blocked-title = No live connection comes through
blocked-text = The server answers, but something between it and you lets no WebSocket through, such as a proxy or an add-on of the browser. What you do is kept in this browser until one comes through.
wrong-address-title = The server does not know this address
wrong-address-text = It accepts nothing that is done under the address of this page. Whoever runs the server has to allow it.
sign-out-waits = You are signed out in this browser. The server will be told as soon as it can be reached.
full-title = The server is full
full-text = Your place comes as soon as somebody leaves. What you do is kept in this browser until then.
reconnect = Reconnect
state-of-canvas = State of the canvas
following = Following { $name }
stop = Stop
session-over = You are signed out
session-over-text = Your session ended. The board is as it was then.
people-here-now = People here now
follow = Follow { $name }
stop-following = Stop following { $name }
share = Share link
share-short = Share
share-by-hand = Copy this address and send it to your friends.
link = Link
link-copied = Link copied. It opens right where you are looking.
menu = Menu
status = Your status
status-online = Online
status-away = Away
status-busy = Busy
theme = Theme
language = Language
theme-system = System
theme-light = Light
theme-dark = Dark
show-panel = Show side panel
hide-panel = Hide side panel

## Dock.

panels = Panels
chat = Chat
people = People
activity = Activity
tile = Tile

## Chat.

messages = Messages
chat-history = Chat history
message = Message
message-example = Message, or @ to name somebody
chat-is-over = Nothing more can be said here
sign-in-to-chat = Sign in to chat
send = Send
typing = Typing
typing-one = { $name } is typing
typing-two = { $name } and { $other } are typing
typing-many = { $name } and { NUMBER($n) } others are typing
no-messages-title = No messages yet
no-messages-text = Say hello. Write @12,7 to point at a tile.
new-messages = New messages
loading-older = Loading older messages…
chat-beginning = This is where it all began
says = { $name }:
at-name = @{ $name }

## A label with a key, or with more about it.

with-note = { $label } ({ $note })
plus = +{ NUMBER($n) }

## The title of the browser's tab.

page-of = { $page } · { $name }
unread-page = ({ NUMBER($n) }) { $page }
go-to-tile = Go to tile { $place }
waits-for-connection = Waits for the connection
not-sent = Not sent: { $why }
retry = Retry
discard = Discard

## People and activity.

draws-in = Draws in tile { $place }
is-typing = Is typing
looks-around = Looks around
leaving = Just left
alone = You are the only one here. Share the link, and it becomes a party.
did-create = Started tile { $place }
did-paint = Drew in tile { $place }
did-title = Named tile { $place }
did-like = Likes tile { $place }
did-unlike = No longer likes tile { $place }
did-delete = Deleted tile { $place }
did-settings = Changed the canvas
was-created = Tile { $place } was started
was-painted = Tile { $place } was drawn in
was-titled = Tile { $place } got a name
was-liked = Tile { $place } got a like
was-unliked = Tile { $place } lost a like
was-deleted = Tile { $place } was deleted
was-settings = The canvas was changed
no-activity-title = Nothing happened yet
no-activity-text = Whatever people draw, like or name shows up here.

## Tile.

no-tile-title = No tile selected
no-tile-text = Click a tile on the board to see who made it, or to draw in it.
empty-cell = Nobody has drawn here yet.
draw-here = Draw here
draw-in-tile = Draw in this tile
stop-drawing = Done drawing
like = Like
unlike = Unlike
point-here = Point here
show-tile = Show
title = Title
untitled = Untitled
edit-title = Edit title
started-on = Started { $time }
place-label = Place
likes-label = Likes
changed-label = Last change
delete-tile = Delete tile
delete-title = Delete tile { $place }?
delete-text = Its drawing, title and likes go for everybody, and cannot be brought back.

## Bottom status.

place = { $x }, { $y }
tile-at = Tile { $place }
place-by = { $place } by { $name }
zoom-in = Zoom in
zoom-out = Zoom out
zoom-fit = Whole board
zoom-is = Zoom { NUMBER($n) } percent
percent = { NUMBER($n) } %

## Toasts.

taken-back = Your change was taken back. { $why }
queue-full = Too many changes wait for the connection. This one was not kept.
now-viewer = You may only watch here now.
now-editor = You may draw here now.
now-moderator = You may moderate here now.
not-kept = This browser has no room left. What waits would not survive a reload.
points-at = { $name } points at tile { $place }
mentioned-you = { $name } mentioned you: { $text }

## Problems.

problem-away = The server cannot be reached. Please try again.
problem-credentials = User name and password do not match.
problem-username-taken = Somebody else has this name already.
problem-validation = Something in the form is not right.
problem-signed-out = You are signed out. Please sign in again.
problem-forbidden = You may not do this here.
problem-rate-limited = Too much at once. Please wait a moment.
problem-field = This is not accepted.
text-empty = Something has to be written here.
text-too-short = At least { NUMBER($n) } characters, please.
text-too-long = At most { NUMBER($n) } characters, please.
text-control = There are characters in it that cannot be shown.
text-alphabet = Letters, digits, _ and - only, please.
refused-text-too-long = The text is too long.
refused-out-of-bounds = This place is not on the canvas.
refused-tile-exists = There is a tile here already.
refused-tile-not-found = The tile is not there any more.
refused-tile-locked = Somebody else is drawing in this tile.
refused-version-conflict = The tile has changed meanwhile.
refused-forbidden = You may not do this here.
refused-unavailable = The server cannot store anything just now.
refused-internal = Something went wrong on the server.

## Days and times.

today = Today
yesterday = Yesterday

## With a number.

people-here = { NUMBER($n) } here
people-drawing =
    { $n ->
        [one] { $n } person here now
       *[other] { $n } people here now
    }
more-people =
    { $n ->
        [one] { $n } more person
       *[other] { $n } more people
    }
tiles =
    { $n ->
        [one] { $n } tile
       *[other] { $n } tiles
    }
tiles-drawn =
    { $n ->
        [one] { $n } tile drawn
       *[other] { $n } tiles drawn
    }
likes =
    { $n ->
        [one] { $n } like
       *[other] { $n } likes
    }
changes-waiting =
    { $n ->
        [one] { $n } change waiting
       *[other] { $n } changes waiting
    }
waits-for-you =
    { $n ->
        [one] { $n } change waits for you.
       *[other] { $n } changes wait for you.
    }
unread =
    { $n ->
        [one] { $n } new message
       *[other] { $n } new messages
    }
names-offered =
    { $n ->
        [one] { $n } name. Enter takes it.
       *[other] { $n } names. Arrow keys choose one, Enter takes it.
    }
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
