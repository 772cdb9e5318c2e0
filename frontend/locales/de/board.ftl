### The board and the drawing tools.

board = Tafel
board-help = Mit den Pfeiltasten geht es von Kachel zu Kachel, die Eingabetaste öffnet eine zum Zeichnen, Escape verlässt sie. Beim Zeichnen bewegen die Pfeiltasten den Stift, die Leertaste malt.
begin = Hier ist noch nichts gezeichnet. Such dir eine Zelle aus und fang an.
tools = Zeichenwerkzeuge
palette = Palette
primary = Farbe der linken Taste: { $name }
secondary = Farbe der rechten Taste: { $name }
swap = Farben tauschen
mirror = Spiegeln
undo = Rückgängig
redo = Wiederholen
leave = Fertig
minimap = Übersicht der Tafel
fly-to = Zu Kachel { $place }, auf die { $name } zeigt
tile-and-pixel = { $tile } · Pixel { $pixel }
drawing-here = Zeichnet gerade hier: { $names }
copy-link = Link kopieren
link-copied = Link zu dieser Kachel kopiert.
history = Verlauf
history-none = Bisher nichts gefunden.
history-older = Weiter zurückschauen
history-away = Der Verlauf ist gerade nicht zu bekommen.
name-and-likes = { $name }  ♥ { NUMBER($n) }
name-says = { $name }: { $message }
a-guest = ein Gast
empty-cell = Kachel { $place }, leer
tile = Kachel { $place }, von { $name }, { $likes }
drawing = Du zeichnest in { $tile }
pixel = Pixel { $place }, { $color }
blank = nicht bemalt

## Pictures that are brought in.

import = Bild einfügen
import-size = Größe
import-dither = Farben für weiche Übergänge mischen
import-paint = Malen
import-no-picture = Das ist kein lesbares Bild.
import-too-large = Dieses Bild ist zu groß. Höchstens 32 MB und 64 Megapixel.
import-unreadable = Dieser Browser lässt Seiten keine Bilder lesen, zum Schutz vor Wiedererkennung. Erlaube es für diese Seite und versuche es noch einmal.
import-nowhere = Wähle erst eine Kachel, dann füge das Bild ein.
import-one-tile = Diese Kachel, { $width } × { $height } Pixel
import-tiles = { $columns } × { $rows } Kacheln, { $width } × { $height } Pixel
import-left-out = Kacheln, in denen du nicht zeichnen darfst, bleiben, wie sie sind: { NUMBER($n) }.

## The history of a tile: what somebody did.

did-create = Hat sie begonnen
did-paint = Hat darin gezeichnet
did-title = Hat sie benannt
did-like = Mag sie
did-unlike = Mag sie nicht mehr
did-delete = Hat sie gelöscht
did-settings = Hat die Leinwand geändert

## Why one may not draw in a tile.

may-not-over = Hier kann nichts mehr gezeichnet werden.
may-not-signed-out = Melde dich an, um zu zeichnen.
may-not-viewer = Du darfst hier schauen, chatten und Likes vergeben, aber nicht zeichnen.
may-not-theirs = In dieser Kachel zeichnet nur { $name }.
may-not-locked = Gesperrt, solange { $name } darin zeichnet.

## Tools.

pencil = Stift
eraser = Radierer
fill = Füllen
line = Linie
rectangle = Rechteck
circle = Kreis
picker = Pipette

## Colours.

black = Schwarz
dark-grey = Dunkelgrau
grey = Grau
light-grey = Hellgrau
white = Weiß
red = Rot
dark-red = Dunkelrot
light-red = Hellrot
brown = Braun
dark-brown = Dunkelbraun
light-brown = Hellbraun
orange = Orange
dark-orange = Dunkelorange
light-orange = Hellorange
yellow = Gelb
dark-yellow = Dunkelgelb
light-yellow = Hellgelb
green = Grün
dark-green = Dunkelgrün
light-green = Hellgrün
turquoise = Türkis
dark-turquoise = Dunkeltürkis
light-turquoise = Helltürkis
blue = Blau
dark-blue = Dunkelblau
light-blue = Hellblau
violet = Violett
dark-violet = Dunkelviolett
light-violet = Hellviolett
pink = Rosa
dark-pink = Dunkelrosa
light-pink = Hellrosa
numbered = { $name } { NUMBER($n) }

only-own = Was andere gezeichnet haben, erscheint, sobald der Server antwortet.
