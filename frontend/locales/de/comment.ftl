### Comments on tiles.

comments = Kommentare
nothing = Keine offenen Kommentare. Sag, was du von dieser Kachel hältst.
nothing-here = Keine offenen Kommentare. Sag, was hier gezeichnet werden könnte.
away = Die Kommentare sind gerade nicht zu bekommen.
try-again = Noch einmal versuchen
gone = Dieser Kommentar ist nicht mehr da.

## Writing.

new-comment = Neuer Kommentar
example = Kommentar zu dieser Kachel
send = Kommentieren
answer = Antworten
answer-to = Antwort an { $name }
edit = Kommentar bearbeiten
save = Speichern
cancel = Abbrechen
sign-in = Melde dich an, um zu kommentieren.
over = Hier kann nichts mehr geschrieben werden.
characters-left =
    { $n ->
        [one] noch { $n } Zeichen
       *[other] noch { $n } Zeichen
    }
characters-over =
    { $n ->
        [one] { $n } Zeichen zu viel
       *[other] { $n } Zeichen zu viel
    }

## One comment.

edited = bearbeitet
removed = Dieser Kommentar wurde entfernt.
hidden = Von jemandem, den du ausgeblendet hast.
waits = Wartet auf die Verbindung.
not-sent = Nicht gesendet: { $why }
retry = Erneut senden
discard = Verwerfen
resolve = Erledigt
reopen = Wieder öffnen
was-resolved = Erledigt
resolved =
    { $n ->
        [one] { $n } erledigt
       *[other] { $n } erledigt
    }
acts-on = Mehr zum Kommentar von { $name }
comment-of = Kommentar von { $name }
remove = Kommentar entfernen
copy-link = Link zum Kommentar kopieren
link-copied = Link zu diesem Kommentar kopiert.

## The picture that it speaks of, beside the one that is there now.

then-and-now = Damals und jetzt
then = Damals
now = Jetzt
nothing-there = Leer
unchanged = Das Bild hat sich seitdem nicht geändert.
changed =
    { $n ->
        [one] { $n } Pixel seitdem geändert.
       *[other] { $n } Pixel seitdem geändert.
    }
then-away = Wie es damals aussah, ist gerade nicht zu bekommen.

## The list of what happens on the canvas.

did-comment = Hat Kachel { $place } kommentiert
was-commented = Jemand hat Kachel { $place } kommentiert

did-comment-on-it = Hat sie kommentiert

## On the board.

shortcut = Kachel kommentieren

many = { NUMBER($n) }+
open =
    { $n ->
        [one] { $n } offener Kommentar
       *[other] { $n } offene Kommentare
    }
cell-with-comments = { $cell }, { $comments }
