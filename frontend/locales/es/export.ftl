### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = La casilla { $place } como era entonces

name-tile-then = Mencionar una casilla como era

## The bar with the past of a tile, in its panel.

past = Pasado de esta casilla
step = Cambio
changes =
    { $n ->
        [one] { NUMBER($n) } cambio hasta ahora
       *[other] { NUMBER($n) } cambios hasta ahora
    }
change-of = Cambio { NUMBER($n) } de { $all }
before-first = Antes del primer cambio
past-away = En este momento no se puede mostrar cómo era esta casilla.
step-created = Empezó la casilla
step-painted = Pintó
step-titled = Cambió el título
step-undone = Deshizo un trazo
step-deleted = Eliminó la casilla
step-rewritten = Retiró o restauró algo
step-text = { $step }: { $name }, { $what }, { $time }
play = Reproducir
pause = Pausar
board-then = Ver el tablero de entonces
mention-then = Mencionarla como era
restore-to-this = Restaurar así

## A GIF of a tile.

share-gif = Compartir como GIF
gif-of = La casilla { $place } como GIF
gif-shows = Cómo se dibujó la casilla { $place }
gif-making = Creando el GIF…
gif-away = El GIF no está disponible en este momento.
share-file = Compartir…
copy-link = Copiar enlace
link-copied = Enlace a este GIF copiado.
link-private = Solo los miembros de este lienzo pueden abrir el enlace.

## How long a film is, and how large.

length = Duración
seconds =
    { $n ->
        [one] { NUMBER($n) } segundo
       *[other] { NUMBER($n) } segundos
    }
scale = Tamaño de un píxel

## Export.

export = Exportar…
export-title = Exportar
kind = Formato
kind-gif = GIF
kind-apng = APNG
kind-png = PNG
kind-log = Registro
kind-gif-hint = Una película que se ve en todas partes.
kind-apng-hint = Una película como PNG, más pequeña que un GIF. La reproducen los navegadores.
kind-png-hint = Una imagen.
kind-log-hint = Todo lo que pasó aquí, un evento por línea: tu copia de todo el historial.
of-what = De
whole-board = El tablero
an-area = Un área
this-tile = La casilla { $place }
time = Desde
time-beginning = El principio
time-day = Hace un día
time-week = Hace una semana
until-then = Termina con el momento que se muestra.
by-whom = Pintado por
everybody = Todos
myself = Mí
somebody-else = Otra persona…
user-name = Nombre de usuario
preview = Vista previa
preview-last = Así termina la película.
no-preview = Sin vista previa en este momento.
too-large = Es demasiado grande. Elige un área más pequeña.
sign-in-to-export = Inicia sesión para exportar más de 16 casillas o el registro.
start = Crear el archivo
is-running = Ya se está creando un archivo tuyo. Espera a que termine, o detenlo.
nobody-of-that-name = Nadie aquí tiene ese nombre de usuario.

## A file that is being made.

file = Archivo del pasado
file-of = { $kind } de { $canvas }
waiting = Esperando para empezar
making = { $percent } hecho
done = Listo, { $size }
failed = No se pudo crear este archivo. Inténtalo de nuevo.
gone = Este archivo ya no está.
stop = Detener
dismiss = Ocultar
size-kb = { NUMBER($n) } KB
size-mb = { $n } MB

## Ghost.

ghost = La casilla de ayer
ghost-on = Lo que había aquí ayer se ve tenuemente.
ghost-empty = Ayer no había nada aquí.
ghost-away = En este momento no se puede mostrar lo que había aquí ayer.
