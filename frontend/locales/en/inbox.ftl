### Notifications and private messages.

inbox = Inbox
notifications = Notifications
messages = Messages
private-messages = Private messages
open-page = Open as a page
mark-all-read = Mark all as read
mark-read = Mark as read
settings = Notification settings
nothing-title = Nothing new
nothing-text = Likes, comments, replies and mentions appear here.
# For screen readers, after what a notification tells.
unread-mark = Unread
# A heading over notifications from before yesterday.
earlier = Earlier
not-loaded = This could not be loaded.
away = Not connected. What is new comes as soon as the server can be reached.
sign-in-first = Sign in to see what is new.

## What notifications tell.

somebody = Somebody
liked-one = { $name } likes your tile { $place }
# $n: how many besides the one who is named.
liked-many =
    { $n ->
        [one] { $name } and { $n } other like your tile { $place }
       *[other] { $name } and { $n } others like your tile { $place }
    }
painted-one = { $name } painted in your tile { $place }
# $n: how many strokes.
painted-many =
    { $n ->
        [one] Painted { $n } time in your tile { $place }, last by { $name }
       *[other] Painted { $n } times in your tile { $place }, last by { $name }
    }
commented = { $name } commented on tile { $place }
commented-somewhere = { $name } wrote a comment
replied = { $name } replied to you
mentioned = { $name } mentioned you
wrote = { $name } wrote to you
wrote-many =
    { $n ->
        [one] { $name } wrote you { $n } message
       *[other] { $name } wrote you { $n } messages
    }
# $role: as in "Moderator".
role-set = { $name } gave you another role: { $role }
role-set-by-nobody = You have another role: { $role }
sanctioned = A moderator acted on your account or on what you do
case-decided = What you reported was decided
appeal-decided = Your appeal was decided
invite-used = { $name } accepted your invite
export-ready = Your export is ready
something = Something happened
unread-notifications =
    { $n ->
        [one] { $n } unread notification
       *[other] { $n } unread notifications
    }

## Settings.

tell-me = Tell me when
on-like = somebody likes my tile
on-paint = somebody paints in my tile
on-comment = somebody comments on my tile or in my thread
on-reply = somebody replies to me
on-mention = somebody mentions me
on-message = somebody writes me a private message
always-told = Roles, decisions and sanctions are always told.
who-may-write = Who may write to me
everybody = Everybody
shared-canvas = People on my canvases
nobody = Nobody
desktop = On this desktop
desktop-text = Shows notifications while this page is in the background.
desktop-on = Show notifications
desktop-off = Stop showing notifications
desktop-denied = The browser forbids notifications for this site. Its own settings can allow them.
desktop-unsupported = This browser has no notifications.

## Private messages.

message-example = Message…
no-conversations-title = No messages yet
no-conversations-text = Choose a person on a canvas and write to them.
requests = Requests
conversations = Conversations
removed = This message was removed.
# Before one's own words in the list of conversations.
you-wrote = You: { $text }
begin = This is the beginning of your messages with { $name }.
asks = { $name } wants to write to you. An answer accepts.
accept = Accept
decline = Decline
block = Block
unblock = Unblock
blocked-text = You block { $name }. Neither of you can write here.
waiting-text = { $name } has to accept your request before you can write more.
unasked-text = You share no canvas with { $name }: your first message is a request.
delete-conversation = Delete conversation
delete-title = Delete this conversation?
delete-text = It goes for you alone, and comes back when something new is written.
decline-title = Decline this request?
decline-text = The conversation goes for you. Nobody is told. To hear nothing more, block the person.
block-title = Block this person?
block-text = Neither of you can write to the other here, and what they do is hidden from you. They are not told.
write-a-message = Write a message
message-field = Message to { $name }
choose-conversation = Choose a conversation
missing-title = There is no such conversation
missing-text = It may belong to another account.
all-conversations = All conversations
remove-message = Remove message
report-message = Report message…
is-typing = { $name } is typing
history = Messages with { $name }
too-many-wait = Too many messages wait already.
refused-not-wanted = This person takes no messages from you now.
refused-no-conversation = This conversation is not there any more.
unread-messages =
    { $n ->
        [one] { $n } unread message
       *[other] { $n } unread messages
    }
