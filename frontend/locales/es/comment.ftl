### Comments on tiles.

comments = Comentarios
nothing = No hay comentarios abiertos. Di qué te parece esta casilla.
nothing-here = No hay comentarios abiertos. Di qué se podría dibujar aquí.
away = Los comentarios no están disponibles en este momento.
try-again = Reintentar
gone = Este comentario ya no está.

## Writing.

new-comment = Nuevo comentario
example = Comenta esta casilla
send = Comentar
answer = Responder
answer-to = Respuesta a { $name }
edit = Editar comentario
save = Guardar
cancel = Cancelar
sign-in = Inicia sesión para comentar.
over = Aquí ya no se puede escribir nada más.
characters-left =
    { $n ->
        [one] queda { $n } carácter
       *[other] quedan { $n } caracteres
    }
characters-over =
    { $n ->
        [one] sobra { $n } carácter
       *[other] sobran { $n } caracteres
    }

## One comment.

edited = editado
removed = Este comentario se ha eliminado.
hidden = De alguien a quien ocultas.
waits = A la espera de conexión.
not-sent = No enviado: { $why }
retry = Reintentar
discard = Descartar
resolve = Resolver
reopen = Volver a abrir
was-resolved = Resuelto
resolved =
    { $n ->
        [one] { $n } resuelto
       *[other] { $n } resueltos
    }
acts-on = Más sobre el comentario de { $name }
comment-of = Comentario de { $name }
remove = Eliminar comentario
copy-link = Copiar enlace al comentario
link-copied = Enlace a este comentario copiado.

## The picture that it speaks of, beside the one that is there now.

then-and-now = Entonces y ahora
then = Entonces
now = Ahora
nothing-there = Vacío
unchanged = El dibujo no ha cambiado desde entonces.
changed =
    { $n ->
        [one] { $n } píxel cambiado desde entonces.
       *[other] { $n } píxeles cambiados desde entonces.
    }
then-away = En este momento no se puede mostrar cómo era entonces.

## The list of what happens on the canvas.

did-comment = Comentó la casilla { $place }
was-commented = Alguien comentó la casilla { $place }

did-comment-on-it = La comentó

## On the board.

shortcut = Comentar la casilla

many = { NUMBER($n) }+
open =
    { $n ->
        [one] { $n } comentario abierto
       *[other] { $n } comentarios abiertos
    }
cell-with-comments = { $cell }, { $comments }
