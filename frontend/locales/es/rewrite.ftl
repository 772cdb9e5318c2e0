### Who painted what, and taking it back.

## Who painted this.

who-painted = Quién pintó esto
who-painted-hint = Apunta a un píxel, o tócalo, para ver de quién es.
who-painted-away = En este momento no se puede saber quién pintó esto.
painters = Quiénes pintaron esta casilla
nobody = Nadie
others = Otros
pixel-by = Píxel { $place }: { $name }

## Take back what they painted.

take-back = Retirar lo que pintó…
take-back-own = Retirar lo que pinté…
take-back-from = Retirar lo que pintó { $name }
take-back-mine = Retirar lo que pintaste
people-label = Pintado por
person-label = Nombre de usuario de otra persona
add-person = Añadir
leave-out = Dejar fuera a { $name }
window = Cuándo
window-minutes = Últimos 10 minutos
window-hour = Última hora
window-day = Último día
window-week = Últimos 7 días
window-ever = Siempre
area = Dónde
area-all = En todas partes
area-drawn = En un área
area-hint = Arrastra sobre el tablero para dibujar el área, o escribe sus esquinas.
area-left = Primera columna
area-top = Primera fila
area-right = Última columna
area-bottom = Última fila
reason = Motivo
reason-hint = Cualquiera puede leerlo aquí en el registro.
counting = Contando…
found = { $tiles }, { $pixels }
found-and-left = { $found }; { $left }
found-nothing = No hay nada que retirar.
as-it-was = Ya está como entonces.
take-back-action = Retirar
stop = Parar
undo = Deshacer
running = En marcha: { $tiles }, { $pixels }.
taken-back = Retirado: { $tiles }, { $pixels }.
restored = Restaurado: { $tiles }, { $pixels }.
brought-back = Deshecho: { $tiles }, { $pixels }.
stopped = Parado. Lo hecho se queda: { $tiles }, { $pixels }.
no-change = No hubo que cambiar nada.

## Restore.

restore = Restaurar…
restore-tile = Restaurar la casilla { $place }
restore-area = Restaurar un área
restore-when = Como estaba
restore-minutes = Hace 10 minutos
restore-hour = Hace 1 hora
restore-day = Hace 1 día
restore-week = Hace 7 días
restore-event = Antes del cambio de las { $time }
restore-before = Restaurar lo anterior a esto
restore-action = Restaurar

## Problems.

too-large = Son más de 4096 casillas. Elige un área menor o menos tiempo.
is-running = Alguien ya está retirando algo aquí. Espera a que termine.
not-allowed = No es posible: solo se puede retirar lo que pintó alguien de rango inferior, y restaurar casillas que empezaste tú.
already-undone = Esto ya se había deshecho.
pixels =
    { $n ->
        [one] { $n } píxel
       *[other] { $n } píxeles
    }
left-alone =
    { $n ->
        [one] { $n } repintado después por otros, se deja como está
       *[other] { $n } repintados después por otros, se dejan como están
    }
painted-by =
    { $n ->
        [one] { $n } persona pintó esta casilla
       *[other] { $n } personas pintaron esta casilla
    }
