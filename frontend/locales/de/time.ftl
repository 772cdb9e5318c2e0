### The past of a canvas: the time bar, the moment that is looked at.

clock = Verlauf
clock-close = Verlauf schließen
bar = Verlauf der Leinwand
handle = Zeitpunkt
now = Jetzt
before-all = Vor der ersten Änderung
moment-by = { $moment }, von { $name } bei { $place }
change-by = { $name } bei { $place }
step-back = Vorige Änderung
step-forward = Nächste Änderung
play = Abspielen
play-back = Rückwärts abspielen
pause = Pause
speed = Tempo
times = { NUMBER($n) }×
by-time = Nach Zeit verteilt
by-changes = Nach Änderungen verteilt
close = Zeitleiste schließen
empty = Hier wurde noch nichts gezeichnet.
changes-and-people = { $changes }, { $people }
past = Die Vergangenheit
back-to-now = Zurück zum Jetzt
loading = Dieser Zeitpunkt wird geladen
may-not-draw = Das ist die Vergangenheit. Geh zurück zum Jetzt, um zu zeichnen.
restore-tile = Diese Kachel wiederherstellen …
restore-area = Diesen Bereich wiederherstellen …
restore-title = Wiederherstellen, was damals war
restore-to = Wie es war: { $moment }

## Problems.

away = Der Verlauf ist gerade nicht zu erreichen.
busy = Der Server hat gerade zu viel zu tun.
no-such-moment = Diesen Zeitpunkt gibt es im Verlauf dieser Leinwand nicht.
too-far = Geh näher heran, um so viel von der Vergangenheit zu sehen.
retry = Noch einmal versuchen

## Shortcuts.

keys = Verlauf
key-open = Verlauf öffnen oder schließen
key-play = Rückwärts abspielen, Pause, abspielen; noch einmal für schneller
key-step = Vorige oder nächste Änderung
key-person = Vorige oder nächste Änderung von jemand anderem
key-ends = Anfang und Jetzt
changes =
    { $n ->
        [one] { NUMBER($n) } Änderung
       *[other] { NUMBER($n) } Änderungen
    }
people =
    { $n ->
        [one] { NUMBER($n) } Person
       *[other] { NUMBER($n) } Leute
    }
meanwhile =
    { $n ->
        [one] { NUMBER($n) } Änderung seitdem
       *[other] { NUMBER($n) } Änderungen seitdem
    }
