### The list of keyboard shortcuts.

## Headings.

drawing = Dibujar
pointer = Al dibujar, con el puntero
board = Tablero
keyboard = Con el teclado en una casilla
chat = Chat
everywhere = En todas partes

## Keys, as they are named on keyboards in this language.

ctrl = Ctrl
alt = Alt
shift = Mayús
escape = Esc
enter = Intro
space = Espacio
right-click = Clic derecho
drag = arrastrar
click = clic

## What they do.

choose-color = Elegir un color
swap = Intercambiar los dos colores
undo = Deshacer
redo = Rehacer
leave = Salir de la casilla
straight = Líneas rectas, cuadrados, círculos
pick = Tomar un color
second-color = Dibujar con el segundo color
move-board = Mover el tablero
move-or-go = Mover, o ir de casilla en casilla
go = Mover
zoom = Acercar y alejar
whole = Ver todo el tablero o la casilla abierta
open-tile = Abrir la casilla
name-tile-in-chat = Mencionar la casilla en el chat
move-pen = Mover el lápiz
paint = Pintar
send = Enviar
new-line = Línea nueva
edit-newest = Editar tu último mensaje
reply = Responder al mensaje enfocado
name-person = Mencionar a alguien
name-tile = Mencionar una casilla
show-keys = Mostrar estas teclas
close = Cerrar
