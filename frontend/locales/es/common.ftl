### Everything but the areas with files of their own.

## The application.

name = Stellar Canvas
sentence = Un cielo de pequeños dibujos de píxeles que pintamos entre todos, en directo.
close = Cerrar
cancel = Cancelar
save = Guardar
or = o
you = tú
somebody = Alguien
try-again = Reintentar
show-more = Ver más
dismiss = Descartar
notices = Avisos

## Sign-in forms.

come-in = Entra y dibuja
join-title = Participa
your-name = Tu nombre
your-name-example = Así te verán los demás
draw-as-guest = Dibujar sin cuenta
sign-in = Iniciar sesión
register = Registrarse
sign-out = Cerrar sesión
username = Nombre de usuario
username-hint = De 3 a 32 letras, cifras, _ o -
password = Contraseña
password-hint = Al menos 8 caracteres
is-guest = Invitado
welcome = Qué alegría verte. ¿Dónde quieres dibujar hoy?
pick-canvas = Elegir un lienzo

## Canvases.

search = Buscar lienzos
clear-search = Ver todos los lienzos
nothing-found-title = Sin resultados
nothing-found-text = Ningún lienzo tiene eso en el nombre o la descripción.
public-canvases = Lienzos públicos
my-canvases = Tus lienzos
all-canvases = Todos los lienzos
new-canvas = Nuevo lienzo
create-canvas = Crear lienzo
canvas-name = Nombre
canvas-name-example = Cielo nocturno
canvas-description = ¿De qué trata?
canvas-width = Columnas
canvas-height = Filas
canvas-tile-size = Píxeles por casilla
canvas-visibility = Quién lo encuentra
canvas-edit-policy = Quién dibuja dónde
visibility-public = Cualquiera
visibility-public-hint = Aparece en la página de inicio
visibility-unlisted = Quien tenga el enlace
visibility-unlisted-hint = Abierto a cualquiera, pero sin aparecer en la lista
visibility-private = Solo miembros
visibility-private-hint = Tú decides quién entra
policy-open = Entre todos
policy-open-hint = Cualquiera dibuja en cualquier casilla
policy-exclusive = Por turnos
policy-exclusive-hint = La casilla es tuya mientras dibujas en ella
policy-own = Cada cual la suya
policy-own-hint = Una casilla es de quien la empezó
grid-size = { $width } × { $height }
preview-pixels = { $width } × { $height } píxeles
side-problem = Un número de { NUMBER($least) } a { NUMBER($most) }
no-canvases-title = Todavía no hay lienzos
no-canvases-text = El cielo está vacío. El tuyo puede ser el primero.
make-first-canvas = Crear el primero
away-title = No se puede contactar con el servidor
away-text = Revisa tu conexión y vuelve a intentarlo.

## Pages for errors.

not-found-title = Aquí solo hay estrellas
not-found-text = No hay ninguna página en esta dirección. Puede que el enlace perdiera un trozo por el camino.
no-canvas-title = Ese lienzo no existe
no-canvas-text = Puede que se haya eliminado o que el enlace perdiera un trozo por el camino.
no-access-title = Este lienzo es privado
no-access-text = Solo lo ven sus miembros. Pide a quien te dio el enlace que te añada, o inicia sesión con otra cuenta.
deleted-title = Este lienzo se ha eliminado
deleted-text = Lo ves como estaba entonces; ya no se puede añadir nada.

## Dialogs.

shortcuts = Atajos de teclado
profile = Perfil
status-message = ¿Qué estás haciendo?
status-message-example = Pintando la luna
canvas-title = Lienzo
canvas-settings = Ajustes del lienzo
about-canvas = Sobre este lienzo
canvas-size = Columnas y filas
canvas-made = Creado
saved = Guardado.
members = Miembros
members-public = Aquí puede dibujar cualquiera. Añade a alguien para que modere o para que solo mire.
members-private = Nadie más puede ver este lienzo.
member-example = Como en @nombre
add-member = Añadir
remove-member = Quitar a { $name }
no-such-user = Nadie tiene ese nombre de usuario.
role = Rol
role-of = Rol de { $name }
role-owner = Propietario
role-moderator = Moderador
role-editor = Dibuja
role-viewer = Mira
delete-canvas = Eliminar este lienzo
delete-canvas-text = Todas sus casillas, mensajes y me gusta desaparecen para todo el mundo y no se pueden recuperar.
delete-canvas-label = Para eliminarlo, escribe su nombre: { $name }
times = { NUMBER($n) }×
download = Descargar
sign-out-title = ¿Cerrar sesión?
sign-out-guest = Has entrado sin cuenta, así que nadie podrá volver a entrar como { $name }, ni siquiera tú.
sign-out-guest-stays = Lo que dibujaste y dijiste se queda. Donde cada casilla es de quien la empezó, las tuyas ya no se podrán cambiar.
palette = Colores
palette-default = Stellar
palette-own = Los tuyos
palette-own-label = Tus colores
palette-hint = De 2 a 64 colores como #f6c657, copiados por ejemplo de la página de una paleta.

## Top bar.

connection = Conexión
live = En directo
connecting = Conectando…
reconnecting = Reconectando en { NUMBER($n) } s
offline = Sin conexión
signed-out = Sesión cerrada
try-now = Intentar ahora
connection-lost = Conexión perdida. Reintentando.
ended-deleted = Lienzo eliminado
ended-access = Sin acceso
ended-kicked = Un administrador ha desconectado esta pestaña
ended-kicked-text = El tablero está como entonces. Lo que dibujes ahora espera hasta que vuelvas a conectarte.
ended-banned = Ya no puedes entrar aquí
ended-banned-text = El tablero está como cuando te expulsaron. Pregunta a quien lleva este sitio.
ended-no-access = Ya no puedes ver este lienzo
ended-no-access-text = Se ha hecho privado o te han quitado tu rol. El tablero está como entonces. Pide a su propietario que te añada.
ended-rate-limited = Desconectado: demasiados mensajes
ended-rate-limited-text = Esta pestaña envió algo que el servidor no pudo leer. Vuelve a cargar la página; lo pendiente se conserva.
ended-other = Desconectado
ended-other-text = El servidor ha cerrado esta conexión. El tablero está como entonces.
loading-canvas = Cargando el lienzo…
away-loading-text = El lienzo aparecerá en cuanto el servidor responda.
away-canvas-text = Sigue dibujando: lo que hagas se guarda en este navegador y se envía en cuanto vuelva el servidor.
offline-title = No tienes conexión
offline-text = Sigue dibujando: lo que hagas se guarda en este navegador y se envía en cuanto vuelvas a tener conexión.
too-many-title = Hay demasiadas pestañas abiertas
too-many-text = Cierra alguna, aquí o en tus otros dispositivos. Después esta se conecta sola.
blocked-title = No se consigue ninguna conexión en directo
blocked-text = El servidor responde, pero algo entre él y tú no deja pasar WebSocket, como un proxy o una extensión del navegador. Lo que hagas se guarda en este navegador hasta que se consiga.
wrong-address-title = El servidor no conoce esta dirección
wrong-address-text = No acepta nada de lo que se haga desde la dirección de esta página. Quien administra el servidor tiene que permitirla.
sign-out-waits = Has cerrado sesión en este navegador. El servidor lo sabrá en cuanto se pueda contactar con él.
full-title = El servidor está lleno
full-text = Entrarás en cuanto alguien salga. Hasta entonces, lo que hagas se guarda en este navegador.
reconnect = Reconectar
state-of-canvas = Estado del lienzo
following = Sigues a { $name }
stop = Dejar de seguir
session-over = Se ha cerrado tu sesión
session-over-text = Tu sesión ha terminado. El tablero está como entonces.
people-here-now = Quién está aquí ahora
follow = Seguir a { $name }
stop-following = Dejar de seguir a { $name }
share = Compartir enlace
share-short = Compartir
share-by-hand = Copia esta dirección y envíasela a tus amigos.
link = Enlace
link-copied = Enlace copiado. Se abre justo donde estás mirando.
menu = Menú
status = Tu estado
status-online = En línea
status-away = Ausente
status-busy = Ocupado
theme = Tema
language = Idioma
theme-system = Sistema
theme-light = Claro
theme-dark = Oscuro
show-panel = Mostrar el panel lateral
hide-panel = Ocultar el panel lateral

## Dock.

panels = Paneles
chat = Chat
people = Gente
activity = Actividad
tile = Casilla

## Chat.

messages = Mensajes
chat-history = Historial del chat
message = Mensaje
message-example = Mensaje, o @ para mencionar a alguien
chat-is-over = Aquí ya no se puede decir nada más
sign-in-to-chat = Inicia sesión para chatear
send = Enviar
typing = Escribiendo
typing-one = { $name } está escribiendo
typing-two = { $name } y { $other } están escribiendo
typing-many =
    { $n ->
        [one] { $name } y { $n } persona más están escribiendo
       *[other] { $name } y { $n } personas más están escribiendo
    }
no-messages-title = Todavía no hay mensajes
no-messages-text = Saluda. Escribe @12,7 para señalar una casilla.
new-messages = Mensajes nuevos
loading-older = Cargando mensajes anteriores…
chat-beginning = Aquí empezó todo
says = { $name }:
at-name = @{ $name }

## A label with a key, or with more about it.

with-note = { $label } ({ $note })
plus = +{ NUMBER($n) }

## The title of the browser's tab.

page-of = { $page } · { $name }
unread-page = ({ NUMBER($n) }) { $page }
go-to-tile = Ir a la casilla { $place }
waits-for-connection = A la espera de conexión
not-sent = No enviado: { $why }
retry = Reintentar
discard = Descartar

## People and activity.

draws-in = Dibuja en la casilla { $place }
is-typing = Escribiendo
looks-around = Echando un vistazo
leaving = Acaba de salir
alone = Estás a solas aquí. Comparte el enlace y será una fiesta.
did-create = Empezó la casilla { $place }
did-paint = Dibujó en la casilla { $place }
did-title = Puso nombre a la casilla { $place }
did-like = Le gusta la casilla { $place }
did-unlike = Ya no le gusta la casilla { $place }
did-delete = Eliminó la casilla { $place }
did-settings = Cambió el lienzo
was-created = Se empezó la casilla { $place }
was-painted = Se dibujó en la casilla { $place }
was-titled = La casilla { $place } recibió un nombre
was-liked = La casilla { $place } recibió un me gusta
was-unliked = La casilla { $place } perdió un me gusta
was-deleted = Se eliminó la casilla { $place }
was-settings = Se cambió el lienzo
no-activity-title = Todavía no ha pasado nada
no-activity-text = Aquí aparece lo que la gente dibuja o nombra y lo que le gusta.

## Tile.

no-tile-title = Ninguna casilla seleccionada
no-tile-text = Pulsa una casilla del tablero para ver quién la hizo o para dibujar en ella.
empty-cell = Nadie ha dibujado aquí todavía.
draw-here = Dibujar aquí
draw-in-tile = Dibujar en esta casilla
stop-drawing = Terminar de dibujar
like = Me gusta
unlike = Ya no me gusta
point-here = Señalar aquí
show-tile = Mostrar
title = Título
untitled = Sin título
edit-title = Cambiar título
started-on = Empezada { $time }
place-label = Lugar
likes-label = Me gusta
changed-label = Último cambio
delete-tile = Eliminar casilla
delete-title = ¿Eliminar la casilla { $place }?
delete-text = Su dibujo, título y me gusta desaparecen para todo el mundo y no se pueden recuperar.

## Bottom status.

place = { $x }, { $y }
tile-at = Casilla { $place }
place-by = { $place }, de { $name }
zoom-in = Acercar
zoom-out = Alejar
zoom-fit = Todo el tablero
zoom-is = Zoom al { NUMBER($n) } por ciento
percent = { NUMBER($n) } %

## Toasts.

taken-back = Se ha deshecho tu cambio. { $why }
queue-full = Demasiados cambios esperan a la conexión. Este no se ha conservado.
now-viewer = Ahora aquí solo puedes mirar.
now-editor = Ahora puedes dibujar aquí.
now-moderator = Ahora puedes moderar aquí.
not-kept = No queda espacio en este navegador. Lo pendiente se perdería al recargar.
points-at = { $name } señala la casilla { $place }
mentioned-you = { $name } te ha mencionado: { $text }

## Problems.

problem-away = No se puede contactar con el servidor. Vuelve a intentarlo.
problem-credentials = El nombre de usuario y la contraseña no coinciden.
problem-username-taken = Ese nombre ya lo tiene otra persona.
problem-validation = Hay algo mal en el formulario.
problem-signed-out = Tu sesión se ha cerrado. Vuelve a iniciarla.
problem-forbidden = No puedes hacer esto aquí.
problem-rate-limited = Demasiadas cosas a la vez. Espera un momento.
problem-field = Esto no se acepta.
text-empty = Aquí hay que escribir algo.
text-too-short =
    { $n ->
        [one] Al menos { $n } carácter.
       *[other] Al menos { $n } caracteres.
    }
text-too-long =
    { $n ->
        [one] Como mucho { $n } carácter.
       *[other] Como mucho { $n } caracteres.
    }
text-control = Contiene caracteres que no se pueden mostrar.
text-alphabet = Solo letras, cifras, _ y -.
refused-text-too-long = El texto es demasiado largo.
refused-out-of-bounds = Ese lugar no está en el lienzo.
refused-tile-exists = Aquí ya hay una casilla dibujada.
refused-tile-not-found = La casilla ya no está.
refused-tile-locked = Otra persona está dibujando en esta casilla.
refused-version-conflict = La casilla ha cambiado entretanto.
refused-forbidden = No puedes hacer esto aquí.
refused-unavailable = El servidor no puede guardar nada en este momento.
refused-internal = Algo ha fallado en el servidor.

## Days and times.

today = Hoy
yesterday = Ayer

## With a number.

people-here = { NUMBER($n) } aquí
people-drawing =
    { $n ->
        [one] { $n } persona aquí ahora
       *[other] { $n } personas aquí ahora
    }
more-people =
    { $n ->
        [one] { $n } persona más
       *[other] { $n } personas más
    }
tiles =
    { $n ->
        [one] { $n } casilla
       *[other] { $n } casillas
    }
tiles-drawn =
    { $n ->
        [one] { $n } casilla dibujada
       *[other] { $n } casillas dibujadas
    }
likes =
    { $n ->
        [one] { $n } me gusta
       *[other] { $n } me gusta
    }
changes-waiting =
    { $n ->
        [one] { $n } cambio en espera
       *[other] { $n } cambios en espera
    }
waits-for-you =
    { $n ->
        [one] { $n } cambio te espera.
       *[other] { $n } cambios te esperan.
    }
unread =
    { $n ->
        [one] { $n } mensaje nuevo
       *[other] { $n } mensajes nuevos
    }
names-offered =
    { $n ->
        [one] { $n } nombre. Intro lo acepta.
       *[other] { $n } nombres. Elige con las flechas y acepta con Intro.
    }
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
