### The list of keyboard shortcuts.

## Headings.

drawing = Drawing
pointer = While drawing, with the pointer
board = Board
keyboard = With the keyboard in a tile
chat = Chat
everywhere = Everywhere

## Keys, as they are named on keyboards in this language.

ctrl = Ctrl
alt = Alt
shift = Shift
escape = Esc
enter = Enter
space = Space
right-click = Right-click
drag = drag
click = click

## What they do.

choose-color = Choose a colour
swap = Swap the two colours
undo = Undo
redo = Redo
leave = Leave the tile
straight = Straight lines, squares, circles
pick = Pick a colour
second-color = Draw with the second colour
move-board = Move the board
move-or-go = Move, or go from tile to tile
go = Move
zoom = Zoom
whole = Show the whole board, or the open tile
open-tile = Open the tile
name-tile-in-chat = Name the tile in the chat
move-pen = Move the pen
paint = Paint
send = Send
new-line = New line
# In the empty text field of the chat.
edit-newest = Edit your newest message
reply = Reply to the message with the focus
name-person = Name a person
name-tile = Name a tile
show-keys = Show these keys
close = Close
