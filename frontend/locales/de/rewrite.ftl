### Who painted what, and taking it back.

## Who painted this.

who-painted = Wer hat das gemalt?
who-painted-hint = Zeige auf einen Pixel oder tippe ihn an, um zu sehen, von wem er ist.
who-painted-away = Wer das gemalt hat, ist gerade nicht zu bekommen.
painters = Wer an dieser Kachel gemalt hat
nobody = Niemand
others = Andere
pixel-by = Pixel { $place }: { $name }

## Take back what they painted.

take-back = Gemaltes zurücknehmen …
take-back-own = Von mir Gemaltes zurücknehmen …
take-back-from = Zurücknehmen, was { $name } gemalt hat
take-back-mine = Zurücknehmen, was du gemalt hast
people-label = Gemalt von
person-label = Benutzername einer weiteren Person
add-person = Hinzufügen
leave-out = { $name } weglassen
window = Wann
window-minutes = Letzte 10 Minuten
window-hour = Letzte Stunde
window-day = Letzter Tag
window-week = Letzte 7 Tage
window-ever = Von Anfang an
area = Wo
area-all = Überall
area-drawn = In einem Bereich
area-hint = Ziehe über die Tafel, um den Bereich zu zeichnen, oder gib seine Ecken ein.
area-left = Erste Spalte
area-top = Erste Zeile
area-right = Letzte Spalte
area-bottom = Letzte Zeile
reason = Grund
reason-hint = Alle hier können ihn im Protokoll lesen.
counting = Zähle …
found = { $tiles }, { $pixels }
found-and-left = { $found }; { $left }
found-nothing = Es gibt nichts zurückzunehmen.
as-it-was = Es sieht schon aus wie damals.
take-back-action = Zurücknehmen
stop = Anhalten
undo = Rückgängig
running = In Arbeit: { $tiles }, { $pixels }.
taken-back = Zurückgenommen: { $tiles }, { $pixels }.
restored = Wiederhergestellt: { $tiles }, { $pixels }.
brought-back = Rückgängig gemacht: { $tiles }, { $pixels }.
stopped = Angehalten. Was getan ist, bleibt: { $tiles }, { $pixels }.
no-change = Es musste nichts geändert werden.

## Restore.

restore = Wiederherstellen …
restore-tile = Kachel { $place } wiederherstellen
restore-area = Bereich wiederherstellen
restore-when = Wie es war
restore-minutes = Vor 10 Minuten
restore-hour = Vor 1 Stunde
restore-day = Vor 1 Tag
restore-week = Vor 7 Tagen
restore-event = Vor der Änderung um { $time }
restore-before = Stand davor wiederherstellen
restore-action = Wiederherstellen

## Problems.

too-large = Das sind mehr als 4.096 Kacheln. Wähle einen kleineren Bereich oder eine kürzere Zeit.
is-running = Hier nimmt schon jemand etwas zurück. Warte, bis das fertig ist.
not-allowed = Nicht möglich: Zurücknehmen lässt sich nur, was Personen mit niedrigerem Rang gemalt haben, wiederherstellen nur Kacheln, die du begonnen hast.
already-undone = Das wurde schon rückgängig gemacht.
pixels =
    { $n ->
        [one] { $n } Pixel
       *[other] { $n } Pixel
    }
left-alone =
    { $n ->
        [one] { $n } inzwischen von anderen übermalt, bleibt
       *[other] { $n } inzwischen von anderen übermalt, bleiben
    }
painted-by =
    { $n ->
        [one] { $n } Person hat an dieser Kachel gemalt
       *[other] { $n } Leute haben an dieser Kachel gemalt
    }
