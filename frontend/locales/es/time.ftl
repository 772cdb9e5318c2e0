### The past of a canvas: the time bar, the moment that is looked at.

clock = Historial
clock-close = Cerrar el historial
bar = Historial del lienzo
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
back-to-now = Volver al presente
loading = Cargando este momento
may-not-draw = Esto es el pasado. Vuelve al presente para dibujar.
restore-tile = Restaurar esta casilla…
restore-area = Restaurar esta área…
restore-title = Restaurar lo que había entonces
restore-to = Como era: { $moment }

## Problems.

away = En este momento no se puede acceder al historial.
busy = El servidor tiene demasiado trabajo en este momento.
no-such-moment = Este momento no está en el historial de este lienzo.
too-far = Acércate para ver tanto del pasado.
retry = Reintentar

## Shortcuts.

keys = Historial
key-open = Abrir o cerrar el historial
key-play = Reproducir hacia atrás, pausar, reproducir; otra vez, más rápido
key-step = Cambio anterior o siguiente
key-person = Cambio anterior o siguiente de otra persona
key-ends = El principio y el presente
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
