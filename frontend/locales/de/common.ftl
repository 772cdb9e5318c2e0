### Everything but the areas with files of their own.

## The application.

name = Stellar Canvas
sentence = Ein Himmel aus kleinen Pixelbildern, den alle gemeinsam malen, live.
close = Schließen
cancel = Abbrechen
save = Speichern
or = oder
you = du
somebody = Jemand
try-again = Noch einmal versuchen
show-more = Mehr anzeigen
dismiss = Ausblenden
notices = Hinweise

## Sign-in forms.

come-in = Komm rein und zeichne
join-title = Mitmachen
your-name = Dein Name
your-name-example = So sehen dich andere
draw-as-guest = Als Gast zeichnen
sign-in = Anmelden
register = Registrieren
sign-out = Abmelden
username = Benutzername
username-hint = 3 bis 32 Buchstaben, Ziffern, _ oder -
password = Passwort
password-hint = Mindestens 8 Zeichen
is-guest = Gast
welcome = Schön, dich zu sehen. Wo möchtest du heute zeichnen?
pick-canvas = Leinwand aussuchen

## Canvases.

search = Leinwände suchen
clear-search = Alle Leinwände zeigen
nothing-found-title = Nichts gefunden
nothing-found-text = Keine Leinwand hat das im Namen oder in der Beschreibung.
public-canvases = Öffentliche Leinwände
my-canvases = Deine Leinwände
all-canvases = Alle Leinwände
new-canvas = Neue Leinwand
create-canvas = Leinwand anlegen
canvas-name = Name
canvas-name-example = Nachthimmel
canvas-description = Worum geht es?
canvas-width = Spalten
canvas-height = Zeilen
canvas-tile-size = Pixel je Kachel
canvas-visibility = Wer sie findet
canvas-edit-policy = Wer wo zeichnet
visibility-public = Alle
visibility-public-hint = Steht auf der Startseite
visibility-unlisted = Wer den Link hat
visibility-unlisted-hint = Offen für alle, aber nicht aufgelistet
visibility-private = Nur Mitglieder
visibility-private-hint = Du bestimmst, wer hereindarf
policy-open = Gemeinsam
policy-open-hint = Alle zeichnen in jeder Kachel
policy-exclusive = Nacheinander
policy-exclusive-hint = Eine Kachel gehört dir, solange du darin zeichnest
policy-own = Alle für sich
policy-own-hint = Eine Kachel gehört der Person, die sie begonnen hat
grid-size = { $width } × { $height }
preview-pixels = { $width } × { $height } Pixel
side-problem = Eine Zahl von { NUMBER($least) } bis { NUMBER($most) }
no-canvases-title = Noch keine Leinwände
no-canvases-text = Der Himmel ist leer. Deine kann die erste sein.
make-first-canvas = Die erste anlegen
away-title = Der Server ist nicht erreichbar
away-text = Prüfe deine Verbindung und versuche es noch einmal.

## Pages for errors.

not-found-title = Hier sind nur Sterne
not-found-text = Unter dieser Adresse gibt es keine Seite. Vielleicht hat der Link unterwegs ein Stück verloren.
no-canvas-title = Diese Leinwand gibt es nicht
no-canvas-text = Vielleicht wurde sie gelöscht, oder der Link hat unterwegs ein Stück verloren.
no-access-title = Diese Leinwand ist privat
no-access-text = Nur ihre Mitglieder können sie sehen. Bitte die Person, von der du den Link hast, dich hinzuzufügen, oder melde dich mit einem anderen Konto an.
deleted-title = Diese Leinwand wurde gelöscht
deleted-text = Du siehst sie, wie sie zuletzt war; es kann nichts mehr dazukommen.

## Dialogs.

shortcuts = Tastenkürzel
profile = Profil
status-message = Was machst du gerade?
status-message-example = Ich male den Mond
canvas-title = Leinwand
canvas-settings = Einstellungen der Leinwand
about-canvas = Über diese Leinwand
canvas-size = Spalten und Zeilen
canvas-made = Angelegt
saved = Gespeichert.
members = Mitglieder
members-public = Hier dürfen alle zeichnen. Füge jemanden hinzu, der moderieren oder nur zusehen soll.
members-private = Sonst kann niemand diese Leinwand sehen.
member-example = Wie in @name
add-member = Hinzufügen
remove-member = { $name } entfernen
no-such-user = Diesen Benutzernamen hat niemand.
role = Rolle
role-of = Rolle von { $name }
role-owner = Besitzt
role-moderator = Moderiert
role-editor = Zeichnet
role-viewer = Sieht zu
delete-canvas = Diese Leinwand löschen
delete-canvas-text = Alle Kacheln, Nachrichten und Likes darauf verschwinden für alle und können nicht zurückgeholt werden.
delete-canvas-label = Schreibe zum Löschen ihren Namen: { $name }
times = { NUMBER($n) }×
download = Herunterladen
sign-out-title = Abmelden?
sign-out-guest = Du bist als Gast hier. Danach kann sich niemand mehr als { $name } anmelden, auch du nicht.
sign-out-guest-stays = Was du gezeichnet und gesagt hast, bleibt. Wo eine Kachel der Person gehört, die sie begonnen hat, können deine nicht mehr geändert werden.
palette = Farben
palette-default = Stellar
palette-own = Eigene
palette-own-label = Deine Farben
palette-hint = 2 bis 64 Farben wie #f6c657, etwa von der Seite einer Palette kopiert.

## Top bar.

connection = Verbindung
live = Live
connecting = Verbinde …
reconnecting = Neuer Versuch in { NUMBER($n) } s
offline = Offline
signed-out = Abgemeldet
try-now = Jetzt versuchen
connection-lost = Verbindung verloren. Neuer Versuch läuft.
ended-deleted = Leinwand gelöscht
ended-access = Kein Zugang
ended-kicked = Dieser Tab wurde von der Administration getrennt
ended-kicked-text = Die Tafel ist, wie sie zuletzt war. Was du jetzt zeichnest, wartet, bis du wieder verbunden bist.
ended-banned = Du darfst nicht mehr hierher
ended-banned-text = Die Tafel ist, wie sie war, als du hinausgeschickt wurdest. Wende dich an die Leute, die diesen Ort betreiben.
ended-no-access = Du kannst diese Leinwand nicht mehr sehen
ended-no-access-text = Sie wurde privat, oder dir wurde deine Rolle genommen. Die Tafel ist, wie sie zuletzt war. Bitte die Besitzerin oder den Besitzer, dich hinzuzufügen.
ended-rate-limited = Getrennt: zu viele Nachrichten
ended-rate-limited-text = Dieser Tab hat etwas gesendet, das der Server nicht lesen konnte. Lade die Seite neu; was wartet, bleibt erhalten.
ended-other = Getrennt
ended-other-text = Der Server hat diese Verbindung beendet. Die Tafel ist, wie sie zuletzt war.
loading-canvas = Leinwand wird geladen …
away-loading-text = Die Leinwand erscheint, sobald der Server antwortet.
away-canvas-text = Zeichne ruhig weiter: Was du tust, bleibt in diesem Browser und wird gesendet, sobald der Server wieder da ist.
offline-title = Du bist offline
offline-text = Zeichne ruhig weiter: Was du tust, bleibt in diesem Browser und wird gesendet, sobald du wieder online bist.
too-many-title = Zu viele Tabs sind offen
too-many-text = Schließe ein paar davon, hier oder auf deinen anderen Geräten. Dieser verbindet sich dann von selbst.
blocked-title = Es kommt keine Live-Verbindung zustande
blocked-text = Der Server antwortet, aber etwas zwischen ihm und dir lässt keinen WebSocket durch, etwa ein Proxy oder eine Browser-Erweiterung. Was du tust, bleibt in diesem Browser, bis es klappt.
wrong-address-title = Der Server kennt diese Adresse nicht
wrong-address-text = Er nimmt nichts an, was unter der Adresse dieser Seite geschieht. Wer den Server betreibt, muss sie erlauben.
sign-out-waits = In diesem Browser bist du abgemeldet. Der Server erfährt es, sobald er erreichbar ist.
full-title = Der Server ist voll
full-text = Du kommst herein, sobald jemand geht. Was du tust, bleibt bis dahin in diesem Browser.
reconnect = Wieder verbinden
state-of-canvas = Zustand der Leinwand
following = Du folgst { $name }
stop = Aufhören
session-over = Du bist abgemeldet
session-over-text = Deine Sitzung ist zu Ende. Die Tafel ist, wie sie zuletzt war.
people-here-now = Wer gerade hier ist
follow = { $name } folgen
stop-following = { $name } nicht mehr folgen
share = Link teilen
share-short = Teilen
share-by-hand = Kopiere diese Adresse und schicke sie anderen.
link = Link
link-copied = Link kopiert. Er öffnet genau die Stelle, die du gerade siehst.
menu = Menü
status = Dein Status
status-online = Online
status-away = Abwesend
status-busy = Beschäftigt
theme = Aussehen
language = Sprache
theme-system = System
theme-light = Hell
theme-dark = Dunkel
show-panel = Seitenleiste zeigen
hide-panel = Seitenleiste ausblenden

## Dock.

panels = Bereiche
chat = Chat
people = Leute
activity = Aktivität
tile = Kachel

## Chat.

messages = Nachrichten
chat-history = Chatverlauf
message = Nachricht
message-example = Nachricht, oder @ für einen Namen
chat-is-over = Hier kann nichts mehr gesagt werden
sign-in-to-chat = Melde dich an, um zu chatten
send = Senden
typing = Schreibt gerade
typing-one = { $name } schreibt
typing-two = { $name } und { $other } schreiben
typing-many =
    { $n ->
        [one] { $name } und { $n } weitere Person schreiben
       *[other] { $name } und { $n } weitere schreiben
    }
no-messages-title = Noch keine Nachrichten
no-messages-text = Sag Hallo. Mit @12,7 zeigst du auf eine Kachel.
new-messages = Neue Nachrichten
loading-older = Ältere Nachrichten werden geladen …
chat-beginning = Hier hat alles angefangen
says = { $name }:
at-name = @{ $name }

## A label with a key, or with more about it.

with-note = { $label } ({ $note })
plus = +{ NUMBER($n) }

## The title of the browser's tab.

page-of = { $page } · { $name }
unread-page = ({ NUMBER($n) }) { $page }
go-to-tile = Zu Kachel { $place }
waits-for-connection = Wartet auf die Verbindung
not-sent = Nicht gesendet: { $why }
retry = Erneut senden
discard = Verwerfen

## People and activity.

draws-in = Zeichnet in Kachel { $place }
is-typing = Schreibt
looks-around = Schaut sich um
leaving = Gerade gegangen
alone = Du bist allein hier. Teile den Link, und es wird eine Party.
did-create = Hat Kachel { $place } begonnen
did-paint = Hat in Kachel { $place } gezeichnet
did-title = Hat Kachel { $place } benannt
did-like = Mag Kachel { $place }
did-unlike = Mag Kachel { $place } nicht mehr
did-delete = Hat Kachel { $place } gelöscht
did-settings = Hat die Leinwand geändert
was-created = Kachel { $place } wurde begonnen
was-painted = In Kachel { $place } wurde gezeichnet
was-titled = Kachel { $place } hat einen Namen bekommen
was-liked = Kachel { $place } hat ein Like bekommen
was-unliked = Kachel { $place } hat ein Like verloren
was-deleted = Kachel { $place } wurde gelöscht
was-settings = Die Leinwand wurde geändert
no-activity-title = Noch ist nichts passiert
no-activity-text = Was andere zeichnen, mögen oder benennen, erscheint hier.

## Tile.

no-tile-title = Keine Kachel ausgewählt
no-tile-text = Klicke auf eine Kachel der Tafel, um zu sehen, wer sie gemacht hat, oder um darin zu zeichnen.
empty-cell = Hier hat noch niemand gezeichnet.
draw-here = Hier zeichnen
draw-in-tile = In dieser Kachel zeichnen
stop-drawing = Fertig gezeichnet
like = Gefällt mir
unlike = Gefällt mir nicht mehr
point-here = Hierher zeigen
show-tile = Zeigen
title = Titel
untitled = Ohne Titel
edit-title = Titel ändern
started-on = Begonnen { $time }
place-label = Ort
likes-label = Likes
changed-label = Letzte Änderung
delete-tile = Kachel löschen
delete-title = Kachel { $place } löschen?
delete-text = Zeichnung, Titel und Likes verschwinden für alle und können nicht zurückgeholt werden.

## Bottom status.

place = { $x }, { $y }
tile-at = Kachel { $place }
place-by = { $place } von { $name }
zoom-in = Vergrößern
zoom-out = Verkleinern
zoom-fit = Ganze Tafel
zoom-is = Zoom { NUMBER($n) } Prozent
percent = { NUMBER($n) } %

## Toasts.

taken-back = Deine Änderung wurde zurückgenommen. { $why }
queue-full = Zu viele Änderungen warten auf die Verbindung. Diese wurde nicht behalten.
now-viewer = Du darfst hier jetzt nur noch zusehen.
now-editor = Du darfst hier jetzt zeichnen.
now-moderator = Du darfst hier jetzt moderieren.
not-kept = In diesem Browser ist kein Platz mehr. Was wartet, ginge beim Neuladen verloren.
points-at = { $name } zeigt auf Kachel { $place }
mentioned-you = { $name } hat dich erwähnt: { $text }

## Problems.

problem-away = Der Server ist nicht erreichbar. Bitte versuche es noch einmal.
problem-credentials = Benutzername und Passwort passen nicht zusammen.
problem-username-taken = Diesen Namen hat schon jemand.
problem-validation = Etwas im Formular stimmt nicht.
problem-signed-out = Du bist abgemeldet. Bitte melde dich wieder an.
problem-forbidden = Das darfst du hier nicht.
problem-rate-limited = Zu viel auf einmal. Bitte warte einen Moment.
problem-field = Das wird nicht angenommen.
text-empty = Hier muss etwas stehen.
text-too-short = Bitte mindestens { NUMBER($n) } Zeichen.
text-too-long = Bitte höchstens { NUMBER($n) } Zeichen.
text-control = Darin sind Zeichen, die nicht angezeigt werden können.
text-alphabet = Bitte nur Buchstaben, Ziffern, _ und -.
refused-text-too-long = Der Text ist zu lang.
refused-out-of-bounds = Dieser Ort liegt nicht auf der Leinwand.
refused-tile-exists = Hier ist schon eine Kachel.
refused-tile-not-found = Die Kachel ist nicht mehr da.
refused-tile-locked = In dieser Kachel zeichnet gerade jemand anders.
refused-version-conflict = Die Kachel hat sich inzwischen geändert.
refused-forbidden = Das darfst du hier nicht.
refused-unavailable = Der Server kann gerade nichts speichern.
refused-internal = Auf dem Server ist etwas schiefgegangen.

## Days and times.

today = Heute
yesterday = Gestern

## With a number.

people-here = { NUMBER($n) } hier
people-drawing =
    { $n ->
        [one] { $n } Person gerade hier
       *[other] { $n } Leute gerade hier
    }
more-people =
    { $n ->
        [one] { $n } weitere Person
       *[other] { $n } weitere Leute
    }
tiles =
    { $n ->
        [one] { $n } Kachel
       *[other] { $n } Kacheln
    }
tiles-drawn =
    { $n ->
        [one] { $n } Kachel gezeichnet
       *[other] { $n } Kacheln gezeichnet
    }
likes =
    { $n ->
        [one] { $n } Like
       *[other] { $n } Likes
    }
changes-waiting =
    { $n ->
        [one] { $n } Änderung wartet
       *[other] { $n } Änderungen warten
    }
waits-for-you =
    { $n ->
        [one] { $n } Änderung wartet auf dich.
       *[other] { $n } Änderungen warten auf dich.
    }
unread =
    { $n ->
        [one] { $n } neue Nachricht
       *[other] { $n } neue Nachrichten
    }
names-offered =
    { $n ->
        [one] { $n } Name. Die Eingabetaste übernimmt ihn.
       *[other] { $n } Namen. Pfeiltasten wählen einen, die Eingabetaste übernimmt ihn.
    }
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
