### The past of a canvas: the time bar, the moment that is looked at.

clock = Historia
clock-close = Cerrar la historia
bar = Historia del lienzo
handle = Momento
now = Ahora
before-all = Antes del primer cambio
moment-by = { $moment }, por { $name } en { $place }
change-by = { $name } en { $place }
step-back = Cambio anterior
step-forward = Cambio siguiente
play = Reproducir
play-back = Reproducir hacia atrás
pause = Pausar
speed = Velocidad
times = { NUMBER($n) }×
by-time = Repartir por tiempo
by-changes = Repartir por cambios
close = Cerrar la barra de tiempo
empty = Aquí aún no se ha dibujado nada.
changes-and-people = { $changes }, { $people }
past = El pasado
back-to-now = Volver a ahora
loading = Cargando este momento
may-not-draw = Esto es el pasado. Vuelve a ahora para dibujar.
restore-tile = Restaurar esta casilla…
restore-area = Restaurar esta área…
restore-title = Restaurar lo que había entonces
restore-to = Como era: { $moment }

## Problems.

away = En este momento no se puede acceder a la historia.
busy = El servidor tiene demasiado trabajo en este momento.
no-such-moment = Este momento no está en la historia de este lienzo.
too-far = Acércate para ver tanto del pasado.
retry = Intentar de nuevo

## Shortcuts.

keys = Historia
key-open = Abrir o cerrar la historia
key-play = Reproducir hacia atrás, pausar, reproducir; otra vez, más rápido
key-step = Cambio anterior o siguiente
key-person = Cambio anterior o siguiente de otra persona
key-ends = El principio, y ahora
changes =
    { $n ->
        [one] { NUMBER($n) } cambio
       *[other] { NUMBER($n) } cambios
    }
people =
    { $n ->
        [one] { NUMBER($n) } persona
       *[other] { NUMBER($n) } personas
    }
meanwhile =
    { $n ->
        [one] { NUMBER($n) } cambio desde entonces
       *[other] { NUMBER($n) } cambios desde entonces
    }
