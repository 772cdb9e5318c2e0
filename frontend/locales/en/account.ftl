### The account, hidden people and invites.

## A guest becomes registered.

keep = Keep everything…
keep-title = Keep what is yours
keep-text = You are here as a guest: nobody can sign in as you again, not even you. With a name and a password, your drawings, roles and canvases stay yours, on every device.
keep-action = Keep everything
keep-later = Not now
kept = You are @{ $name } now. Everything stays yours.
keep-offer = Like what you drew? Choose a name and a password to keep it.
already-registered = You have a name and a password already.

## The account.

account = Account
change-password = Change password
old-password = Present password
new-password = New password
password-changed = Password changed. Your other sessions have ended.
sessions = Where you are signed in
session-here = This browser
session-elsewhere = Another browser
session-times = Signed in { $began }, last seen { $seen }
end-session = Sign out there
end-others = Sign out everywhere else
sessions-away = The list cannot be had just now.
delete-account = Delete my account
delete-account-text = Your name and password go, and nobody can sign in as you again. What you drew and said stays, as by a deleted account. This cannot be undone.
delete-canvases = Delete my canvases too, with all that is on them
delete-guest-label = To delete it, write your name: { $name }

## Hidden people.

hide-person = Hide this person for me
show-person = Show this person again
hidden = { $name } is hidden from you here. They are not told.
shown-again = { $name } is shown to you again.
hidden-people = Hidden people
hidden-people-text = You do not see their messages, pointers and mentions. They are not told.
hidden-nobody = You hide nobody.
show-again = Show { $name } again
show-again-short = Show again

## Invites.

invites = Invites
invites-text = Whoever opens the link gets this role here.
invite-role = Role
invite-uses = How often
invite-uses-any = Any number of times
invite-uses-once = Once
invite-uses-ten = 10 times
invite-uses-hundred = 100 times
invite-time = How long
invite-day = 1 day
invite-week = 7 days
invite-month = 30 days
invite-note = Note
invite-note-example = Who is it for?
invite-make = Make an invite
invite-copy = Copy link
invite-copied = Invite copied.
invite-revoke = Take back
invite-revoke-one = Take back the invite for: { $role }
invite-until = until { $time }
invite-used = { NUMBER($n) } of { NUMBER($max) } used
no-invites = No invites are open.
invite-link = Address of the invite

## The page of an invite.

invited-title = You are invited
invited-text = Somebody asks you to draw with them. Come in first, as you like; then the canvas opens.
invited-as = You accept it as { $name }.
accept = Accept the invite
invite-over-title = This invite is over
invite-over-text = It was used up, taken back, or its time has passed. Ask whoever gave it to you for a new one.

## Guests and newcomers of a canvas.

guests = What guests do
guests-paint = Draw
guests-paint-hint = Guests may do what everybody may
guests-chat = Chat
guests-chat-hint = Guests look, chat and like, but do not draw
guests-look = Look
guests-look-hint = Guests only look
guests-none = Stay out
guests-none-hint = Only people with a name and a password come in
newcomers = People who are new here
newcomers-free = Free
newcomers-free-hint = They may do at once what everybody may
newcomers-limited = Limited at first
newcomers-limited-hint = For 15 minutes they paint little in tiles of others, and chat slowly
uses =
    { $n ->
        [one] { $n } time used
       *[other] { $n } times used
    }
