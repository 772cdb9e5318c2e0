### The chat: answers, edits, links and drafts.

reply = Antworten
reply-to-message = Auf die Nachricht von { $name } antworten
edit = Bearbeiten
edited = bearbeitet
edited-at = Bearbeitet: { $time }

replying-to = Antwort an { $name }
replying = Antwort auf eine Nachricht
editing = Bearbeite deine Nachricht
cancel-reply = Nicht darauf antworten
cancel-edit = So lassen, wie sie war
save = Speichern
new-line = Neue Zeile

in-reply-to = Als Antwort an { $name }:
in-reply = Als Antwort auf eine Nachricht
go-to-message = Zu dieser Nachricht
removed-quote = Eine entfernte Nachricht
hidden-quote = Eine Nachricht von jemandem, den du ausgeblendet hast
message-not-loaded = Diese Nachricht liegt zu weit zurück, um angezeigt zu werden.

not-saved = Nicht gespeichert: { $why }
edit-too-late = Eine Nachricht kann nur 15 Minuten lang bearbeitet werden.
