### The list of keyboard shortcuts.

## Headings.

drawing = Zeichnen
pointer = Beim Zeichnen, mit dem Zeiger
board = Tafel
keyboard = Mit der Tastatur in einer Kachel
chat = Chat
everywhere = Überall

## Keys, as they are named on keyboards in this language.

ctrl = Strg
alt = Alt
shift = Umschalt
escape = Esc
enter = Eingabe
space = Leertaste
right-click = Rechtsklick
drag = Ziehen
click = Klick

## What they do.

choose-color = Farbe wählen
swap = Die beiden Farben tauschen
undo = Rückgängig
redo = Wiederholen
leave = Kachel verlassen
straight = Gerade Linien, Quadrate, Kreise
pick = Farbe aufnehmen
second-color = Mit der zweiten Farbe zeichnen
move-board = Tafel verschieben
move-or-go = Verschieben, oder von Kachel zu Kachel
go = Verschieben
zoom = Vergrößern und verkleinern
whole = Ganze Tafel oder offene Kachel zeigen
open-tile = Kachel öffnen
name-tile-in-chat = Kachel im Chat nennen
move-pen = Stift bewegen
paint = Malen
send = Senden
new-line = Neue Zeile
edit-newest = Die neueste eigene Nachricht bearbeiten
reply = Auf die Nachricht im Fokus antworten
name-person = Person nennen
name-tile = Kachel nennen
show-keys = Diese Tasten zeigen
close = Schließen
