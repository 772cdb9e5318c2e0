### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = Kachel { $place }, wie sie damals war

name-tile-then = Eine Kachel nennen, wie sie war

## The bar with the past of a tile, in its panel.

past = Vergangenheit dieser Kachel
step = Änderung
changes =
    { $n ->
        [one] { NUMBER($n) } Änderung bisher
       *[other] { NUMBER($n) } Änderungen bisher
    }
change-of = Änderung { NUMBER($n) } von { $all }
before-first = Vor der ersten Änderung
past-away = Was diese Kachel war, ist gerade nicht zu bekommen.
step-created = Hat die Kachel begonnen
step-painted = Hat gemalt
step-titled = Hat den Titel geändert
step-undone = Hat einen Strich zurückgenommen
step-deleted = Hat die Kachel gelöscht
step-rewritten = Hat etwas zurückgenommen oder wiederhergestellt
step-text = { $step }: { $name }, { $what }, { $time }
play = Abspielen
pause = Pause
board-then = Tafel von damals ansehen
mention-then = Im Chat nennen, wie es war
restore-to-this = So wiederherstellen

## A GIF of a tile.

share-gif = Als GIF teilen
gif-of = Kachel { $place } als GIF
gif-shows = Wie Kachel { $place } gezeichnet wurde
gif-making = Das GIF wird erstellt …
gif-away = Das GIF ist gerade nicht zu bekommen.
share-file = Teilen …
copy-link = Link kopieren
link-copied = Der Link zu diesem GIF wurde kopiert.
link-private = Nur Mitglieder dieser Leinwand können den Link öffnen.

## How long a film is, and how large.

length = Länge
seconds =
    { $n ->
        [one] { NUMBER($n) } Sekunde
       *[other] { NUMBER($n) } Sekunden
    }
scale = Größe eines Pixels

## Export.

export = Exportieren …
export-title = Exportieren
kind = Was
kind-gif = GIF
kind-apng = APNG
kind-png = PNG
kind-log = Protokoll
kind-gif-hint = Ein Film, der überall läuft.
kind-apng-hint = Ein Film als PNG, kleiner als ein GIF. Browser spielen ihn ab.
kind-png-hint = Ein Bild.
kind-log-hint = Alles, was hier je geschah, ein Ereignis je Zeile: deine Kopie des ganzen Verlaufs.
of-what = Wovon
whole-board = Die Tafel
an-area = Ein Bereich
this-tile = Kachel { $place }
time = Ab
time-beginning = Anfang
time-day = Vor einem Tag
time-week = Vor einer Woche
until-then = Endet mit dem gezeigten Zeitpunkt.
by-whom = Gemalt von
everybody = Allen
myself = Mir
somebody-else = Jemand anderem …
user-name = Benutzername
preview = Vorschau
preview-last = So endet der Film.
no-preview = Gerade keine Vorschau.
too-large = Das ist zu groß. Wähle einen kleineren Bereich.
sign-in-to-export = Melde dich an, um mehr als 16 Kacheln oder das Protokoll zu exportieren.
start = Datei erstellen
is-running = Es wird schon eine Datei für dich erstellt. Warte, bis sie fertig ist, oder halte sie an.
nobody-of-that-name = Niemand hier hat diesen Benutzernamen.

## A file that is being made.

file = Datei aus der Vergangenheit
file-of = { $kind } von { $canvas }
waiting = Wartet
making = { $percent } fertig
done = Fertig, { $size }
failed = Diese Datei konnte nicht erstellt werden. Bitte versuche es noch einmal.
gone = Diese Datei ist nicht mehr da.
stop = Anhalten
dismiss = Ausblenden
size-kb = { NUMBER($n) } KB
size-mb = { $n } MB

## Ghost.

ghost = Kachel von gestern
ghost-on = Was gestern hier war, ist schwach zu sehen.
ghost-empty = Gestern war hier nichts.
ghost-away = Was gestern hier war, ist gerade nicht zu bekommen.
