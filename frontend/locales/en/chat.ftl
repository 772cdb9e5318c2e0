### The chat: answers, edits, links and drafts.

# On the button of a message, and in its menu.
reply = Reply
# The button of a message, for those who do not see which one it stands at.
reply-to-message = Reply to the message of { $name }
edit = Edit
edited = edited
# What the mark of an edited message says more: a date and a time.
edited-at = Edited on { $time }

# Above the text field.
replying-to = Reply to { $name }
replying = Reply to a message
editing = Edit your message
cancel-reply = Do not reply to it
cancel-edit = Leave it as it was
save = Save
new-line = New line

# A message that another one answers.
in-reply-to = In reply to { $name }:
in-reply = In reply to a message
go-to-message = Go to this message
removed-quote = A removed message
hidden-quote = A message of somebody you hide
message-not-loaded = That message is too far back to be shown.

# New words that the server did not take.
not-saved = Not saved: { $why }
edit-too-late = A message can be edited for 15 minutes only.
