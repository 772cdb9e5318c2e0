### The board and the drawing tools.

board = Tablero
board-help = Las flechas van de casilla en casilla, Intro abre una para dibujar y Escape sale de ella. Al dibujar, las flechas mueven el lápiz y la barra espaciadora pinta.
begin = Aquí aún no hay nada dibujado. Elige una casilla y empieza.
tools = Herramientas de dibujo
palette = Paleta
primary = Color del botón izquierdo: { $name }
secondary = Color del botón derecho: { $name }
swap = Intercambiar colores
mirror = Simetría
undo = Deshacer
redo = Rehacer
leave = Listo
minimap = Vista general del tablero
fly-to = Ir a la casilla { $place }, que señala { $name }
tile-and-pixel = { $tile } · píxel { $pixel }
drawing-here = Dibujando aquí ahora: { $names }
copy-link = Copiar enlace
link-copied = Enlace a esta casilla copiado.
history = Historial
history-none = Nada encontrado por ahora.
history-older = Buscar más atrás
history-away = El historial no está disponible en este momento.
name-and-likes = { $name }  ♥ { NUMBER($n) }
name-says = { $name }: { $message }
a-guest = un invitado
empty-cell = casilla { $place }, vacía
tile = casilla { $place }, de { $name }, { $likes }
drawing = Dibujando en { $tile }
pixel = píxel { $place }, { $color }
blank = sin pintar

## Pictures that are brought in.

import = Traer una imagen
import-size = Tamaño
import-dither = Mezclar colores para tonos suaves
import-paint = Pintarla
import-no-picture = No es una imagen que se pueda leer.
import-too-large = Esta imagen es demasiado grande. El máximo son 32 MB y 64 megapíxeles.
import-unreadable = Este navegador no deja que las páginas lean imágenes, como protección contra el rastreo. Permítelo para esta página y vuelve a intentarlo.
import-nowhere = Elige primero una casilla y después pega la imagen.
import-one-tile = Esta casilla, { $width } × { $height } píxeles
import-tiles = { $columns } × { $rows } casillas, { $width } × { $height } píxeles
import-left-out = Las casillas donde no puedes dibujar se quedan como están: { NUMBER($n) }.

## The history of a tile: what somebody did.

did-create = La empezó
did-paint = Dibujó en ella
did-title = Le puso nombre
did-like = Le gusta
did-unlike = Ya no le gusta
did-delete = La eliminó
did-settings = Cambió el lienzo

## Why one may not draw in a tile.

may-not-over = Aquí ya no se puede dibujar más.
may-not-signed-out = Inicia sesión para dibujar.
may-not-viewer = Aquí puedes mirar, chatear y dar me gusta, pero no dibujar.
may-not-theirs = En esta casilla solo dibuja { $name }.
may-not-locked = Bloqueada mientras { $name } dibuja en ella.

## Tools.

pencil = Lápiz
eraser = Goma
fill = Relleno
line = Línea
rectangle = Rectángulo
circle = Círculo
picker = Cuentagotas

## Colours.

black = negro
dark-grey = gris oscuro
grey = gris
light-grey = gris claro
white = blanco
red = rojo
dark-red = rojo oscuro
light-red = rojo claro
brown = marrón
dark-brown = marrón oscuro
light-brown = marrón claro
orange = naranja
dark-orange = naranja oscuro
light-orange = naranja claro
yellow = amarillo
dark-yellow = amarillo oscuro
light-yellow = amarillo claro
green = verde
dark-green = verde oscuro
light-green = verde claro
turquoise = turquesa
dark-turquoise = turquesa oscuro
light-turquoise = turquesa claro
blue = azul
dark-blue = azul oscuro
light-blue = azul claro
violet = violeta
dark-violet = violeta oscuro
light-violet = violeta claro
pink = rosa
dark-pink = rosa oscuro
light-pink = rosa claro
numbered = { $name } { NUMBER($n) }

only-own = Lo que dibujaron los demás aparecerá en cuanto el servidor responda.
