### The board and the drawing tools.

board = Board
# For screen readers.
board-help = Arrow keys move from tile to tile, Enter opens one to draw in, Escape leaves it. While drawing, arrow keys move the pen and Space paints.
begin = Nothing is drawn here yet. Choose a cell and begin.
tools = Drawing tools
palette = Palette
primary = Colour of the left button: { $name }
secondary = Colour of the right button: { $name }
swap = Swap colours
mirror = Mirror
undo = Undo
redo = Redo
# Ends drawing.
leave = Done
minimap = Overview of the board
# An arrow to a tile outside of the window.
fly-to = Go to tile { $place }, pointed at by { $name }
# $tile: as in "Tile 12, 7".
tile-and-pixel = { $tile } · pixel { $pixel }
drawing-here = Drawing here now: { $names }
copy-link = Copy link
link-copied = Link to this tile copied.
history = History
history-none = Nothing found yet.
history-older = Look further back
history-away = The history cannot be had just now.
name-and-likes = { $name }  ♥ { NUMBER($n) }
name-says = { $name }: { $message }
# Somebody whose name is not known.
a-guest = a guest
empty-cell = tile { $place }, empty
# $likes: as in "5 likes".
tile = tile { $place }, by { $name }, { $likes }
# $tile: as in "tile 12, 7, empty".
drawing = Drawing in { $tile }
pixel = pixel { $place }, { $color }
blank = not painted

## Pictures that are brought in.

import = Bring in a picture
import-size = Size
import-dither = Mix colours for smooth shades
import-paint = Paint it
import-no-picture = This is no picture that can be read.
import-too-large = This picture is too large. 32 MB and 64 megapixels are the most.
import-unreadable = This browser does not let pages read pictures, as a protection against fingerprinting. Allow it for this page, then try again.
import-nowhere = Choose a tile first, then paste the picture.
import-one-tile = This tile, { $width } × { $height } pixels
import-tiles = { $columns } × { $rows } tiles, { $width } × { $height } pixels
import-left-out = Tiles where you may not draw stay as they are: { NUMBER($n) }.

## The history of a tile: what somebody did.

did-create = Started it
did-paint = Drew in it
did-title = Named it
did-like = Likes it
did-unlike = No longer likes it
did-delete = Deleted it
did-settings = Changed the canvas

## Why one may not draw in a tile.

may-not-over = Nothing more can be drawn here.
may-not-signed-out = Sign in to draw.
may-not-viewer = You may look, chat and like here, but not draw.
may-not-theirs = Only { $name } draws in this tile.
may-not-locked = Locked while { $name } draws in it.

## Tools.

pencil = Pencil
eraser = Eraser
fill = Fill
line = Line
rectangle = Rectangle
circle = Circle
picker = Picker

## Colours.

black = black
dark-grey = dark grey
grey = grey
light-grey = light grey
white = white
red = red
dark-red = dark red
light-red = light red
brown = brown
dark-brown = dark brown
light-brown = light brown
orange = orange
dark-orange = dark orange
light-orange = light orange
yellow = yellow
dark-yellow = dark yellow
light-yellow = light yellow
green = green
dark-green = dark green
light-green = light green
turquoise = turquoise
dark-turquoise = dark turquoise
light-turquoise = light turquoise
blue = blue
dark-blue = dark blue
light-blue = light blue
violet = violet
dark-violet = dark violet
light-violet = light violet
pink = pink
dark-pink = dark pink
light-pink = light pink
# Several colours of a palette with the same name.
numbered = { $name } { NUMBER($n) }

# After a reload without a network, over a board without what others drew.
only-own = What others drew appears as soon as the server answers.
