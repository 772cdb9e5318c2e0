### Keeping order: sanctions, reports, cases, appeals and the moderation log.

## Acts on a person.

acts-on = More about { $name }
acts-on-message = More about the message of { $name }
warn = Warn
mute = Mute
stop-painting = Stop painting
time-out = Time out
ban = Ban
remove-message = Remove message
remove-all = Remove their messages of the last hour
report = Report…

## The form of a sanction.

sanction = Sanction
whom = Whom
what = What
how-long = For how long
ten-minutes = 10 min
one-hour = 1 h
one-day = 1 day
seven-days = 7 days
open-end = Open end
reason = Reason
reason-hint = They read it, and it stands in the moderation log.
note = Note for other moderators
effect-warning = { $name } is told, and has to confirm it. Nothing else changes.
effect-mute = { $name } cannot chat, comment, mention anybody or write to people of this canvas.
effect-no-paint = { $name } cannot change any tile. What they painted stays.
effect-timeout = { $name } can only look: no chat, no painting, no likes.
effect-ban = { $name } is disconnected and cannot come in. What they painted and said stays.
effect-until = It ends by itself on { $time }.
effect-open = It has no end, until somebody lifts it.
effect-name = They can appeal, and do not see your name.

## The sanctioned person's view.

got-warning = You were warned
got-mute = You cannot chat here
got-no-paint = You cannot paint here
got-timeout = You can only look here
got-ban = You are banned from this canvas
got-ban-server = You are banned from this server
until = Until { $time }
no-end = No end was set
still-warning = Everything works as before. Please confirm that you have read it.
still-mute = You can still paint, like and look.
still-no-paint = You can still chat, like and look.
still-timeout = You can still look at everything.
still-ban = You can still look at the board as it is without signing in.
confirm-warning = I have read it
appeal = Appeal
see-appeal = See your appeal
my-sanctions = Sanctions against you
no-sanctions = There is nothing against you.
lifted-on = Lifted on { $time }
ended-on = Ended on { $time }
appeal-text = Why should it be lifted or shortened?
appeal-hint = Somebody else than who decided it reads this, where there is anybody else.
send-appeal = Send appeal
appeal-waiting = Your appeal waits for an answer.
appeal-reply = Add to it
moderator = Moderator
state-waiting = Waiting
state-kept = Kept
state-shortened = Shortened
state-lifted = Lifted
chat-muted = You cannot chat here now
chat-slow = You can write again in { NUMBER($n) } s
locked-down = Only moderators and members change anything here until { $time }.
newcomer = You are new here until { $time }: in tiles of others at most 300 pixels a minute, and 6 messages a minute.
may-not-sanctioned-open = You cannot paint here.
no-guests = Guests cannot come in here
no-guests-text = Register or sign in to take part. You can look at the board as it is.
must-register = Please register first
must-register-text = Guests from this device or network cannot take part here for now. With an account you can.
shelved = Not sent. It is kept as a draft in this browser.
sanction-over = A sanction against you is over. All is as before.
send-draft = Send it now
export-draft = Export
discard-draft = Discard
message-removed = This message was removed.
refused-sanctioned = A sanction keeps you from this.
refused-newcomer = You are new here: please go slower in tiles that others started.
refused-slow-mode = Slow mode: please wait before the next message.
refused-locked-down = This canvas is locked down for now.
refused-no-message = The message is not there any more.
refused-no-comment = The comment is not there any more.
problem-claimed = Somebody else has taken this case.
problem-over = This was decided or ended already.

## Reports.

report-title = Report
report-what = What is wrong?
rule-harassment = Harassment
rule-hate = Hate
rule-sexual = Sexual content
rule-illegal = Something illegal
rule-griefing = Destroying others' work
rule-spam = Spam
rule-other = Something else
report-comment = What should moderators know?
report-follows = Moderators look at it as it is now, even if it changes. Nobody is told that it was you, and nothing happens by itself.
send-report = Send report
reported = Reported. Moderators will look at it.
withdraw = Take it back
withdrawn = Your report was taken back.
target-tile = Tile { $place }
target-area = Tiles { $from } to { $to }
target-message = A message
message-of = A message of { $name }
target-comment = A comment
target-direct-message = A private message
target-canvas = The whole canvas
case-came = Something was reported.

## The panel.

moderation = Moderation
moderation-log = Moderation log
cases = Cases
sanctions = Sanctions
appeals = Appeals
log = Log
lockdown = Lockdown
off = off
lockdown-hint = Only moderators and people with a role change anything.
slow-mode = Slow mode
slow-mode-hint = Everybody below moderator waits between two messages.
lasts = Lasts
pause = Pause
ends-at = Ends { $time }
seconds = { NUMBER($n) } s
minutes = { NUMBER($n) } min
hours = { NUMBER($n) } h
no-cases = No open cases. All is calm.
no-active-sanctions = No sanctions in force.
no-appeals = No appeals wait.
no-log = Nothing had to be done yet.
case-keys = J and K move, 1 to 5 decide.
frozen = As it was when it was reported
others-did = { $by } changed { $pixels } of { $of }, last at { $time }.
nobody-changed = Nobody changed pixels of somebody else in the 24 hours before.
painted-by = Painted by
said-around = What was said
their-messages = Their newest messages
their-tiles = Their newest tiles
evidence-gone = The evidence was deleted, 90 days after the decision.
comments = What reporters say
take-case = Take this case
taken-by = Taken by { $name } until { $time }
go-there = Go there
decide = Decide
decision-note = Note on the decision
outcome-no-violation = No violation
outcome-warned = Warned
outcome-removed = Removed
outcome-sanctioned = Sanctioned
outcome-report-abuse = Report was abuse
show-decided = Decided cases
show-over = Show those that are over
higher-rank-needed = Only somebody of a higher rank than { $name } can act on them here.
problem-rank = Not possible: this person's rank is as high as yours, or higher.
problem-rank-or-concerned = Not possible: this person's rank is as high as yours, or higher, or you reported this or are reported.
problem-concerned = You reported this, or are reported. Somebody else decides.
problem-decider = Somebody else decides: not who issued the sanction, and only a higher rank than the person's.
issued-by-you = You issued this sanction. Somebody else decides.
lift-needs-rank = A higher rank has to lift it.
server-moderation = Moderation of the server
sanction-on-server = Sanction on the whole server
admins-only = Only admins of this server keep order here.
lift = Lift
by = by { $name }
keep = Keep
shorten = Shorten
answer = Answer
shorten-to = Ends in
send-reply = Ask or reply
somebody = somebody

## With a number.

drafts =
    { $n ->
        [one] { $n } change was not sent. It is kept as a draft.
       *[other] { $n } changes were not sent. They are kept as a draft.
    }
reporters =
    { $n ->
        [one] { $n } person
       *[other] { $n } people
    }
pixels =
    { $n ->
        [one] { $n } pixel
       *[other] { $n } pixels
    }
removed =
    { $n ->
        [one] { $n } message removed.
       *[other] { $n } messages removed.
    }
open-cases =
    { $n ->
        [one] { $n } open case
       *[other] { $n } open cases
    }

## Acts in the moderation log.

did-sanction = Sanctioned
did-lift = Sanction lifted
did-remove-message = Message removed
did-purge = Messages removed
did-rewrite = Painting taken back or restored
did-undo-rewrite = That was undone
did-delete-tile = Tile deleted
did-set-role = Role given
did-remove-member = Role taken
did-change-settings = Settings changed
did-decide-case = Case decided
did-decide-appeal = Appeal decided
did-kick = Disconnected
