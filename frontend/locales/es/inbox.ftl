### Notifications and private messages.

inbox = Bandeja de entrada
notifications = Notificaciones
messages = Mensajes
private-messages = Mensajes privados
open-page = Abrir como página
mark-all-read = Marcar todo como leído
mark-read = Marcar como leído
settings = Ajustes de notificaciones
nothing-title = Nada nuevo
nothing-text = Aquí aparecen me gusta, comentarios, respuestas y menciones.
unread-mark = Sin leer
earlier = Antes
not-loaded = No se ha podido cargar.
away = Sin conexión. Lo nuevo llegará en cuanto se pueda contactar con el servidor.
sign-in-first = Inicia sesión para ver lo nuevo.

## What notifications tell.

somebody = Alguien
liked-one = A { $name } le gusta tu casilla { $place }
liked-many =
    { $n ->
        [one] A { $name } y a { $n } persona más les gusta tu casilla { $place }
       *[other] A { $name } y a { $n } personas más les gusta tu casilla { $place }
    }
painted-one = { $name } pintó en tu casilla { $place }
painted-many =
    { $n ->
        [one] Se pintó { $n } vez en tu casilla { $place }; la última, { $name }
       *[other] Se pintó { $n } veces en tu casilla { $place }; la última, { $name }
    }
commented = { $name } comentó la casilla { $place }
commented-somewhere = { $name } escribió un comentario
replied = { $name } te respondió
mentioned = { $name } te mencionó
wrote = { $name } te escribió
wrote-many =
    { $n ->
        [one] { $name } te escribió { $n } mensaje
       *[other] { $name } te escribió { $n } mensajes
    }
role-set = { $name } te dio otro rol: { $role }
role-set-by-nobody = Tienes otro rol: { $role }
sanctioned = La moderación ha actuado sobre tu cuenta o sobre lo que haces
case-decided = Se ha decidido sobre lo que denunciaste
appeal-decided = Se ha decidido sobre tu recurso
invite-used = { $name } aceptó tu invitación
export-ready = Tu exportación está lista
something = Ha pasado algo
unread-notifications =
    { $n ->
        [one] { $n } notificación sin leer
       *[other] { $n } notificaciones sin leer
    }

## Settings.

tell-me = Avísame cuando
on-like = a alguien le guste mi casilla
on-paint = alguien pinte en mi casilla
on-comment = alguien comente en mi casilla o en mi hilo
on-reply = alguien me responda
on-mention = alguien me mencione
on-message = alguien me escriba en privado
always-told = De roles, decisiones y sanciones se avisa siempre.
who-may-write = Quién puede escribirme
everybody = Cualquiera
shared-canvas = Gente de mis lienzos
nobody = Nadie
desktop = En este equipo
desktop-text = Muestra notificaciones mientras esta página está en segundo plano.
desktop-on = Mostrar notificaciones
desktop-off = Dejar de mostrar notificaciones
desktop-denied = El navegador prohíbe las notificaciones de este sitio. Puedes permitirlas en sus ajustes.
desktop-unsupported = Este navegador no tiene notificaciones.

## Private messages.

message-example = Mensaje…
no-conversations-title = Todavía no hay mensajes
no-conversations-text = Elige a alguien en un lienzo y escríbele.
requests = Solicitudes
conversations = Conversaciones
removed = Este mensaje se ha eliminado.
you-wrote = Tú: { $text }
begin = Aquí empiezan tus mensajes con { $name }.
asks = { $name } quiere escribirte. Si respondes, aceptas.
accept = Aceptar
decline = Rechazar
block = Bloquear
unblock = Desbloquear
blocked-text = Has bloqueado a { $name }. Ninguno de los dos puede escribir aquí.
waiting-text = { $name } tiene que aceptar tu solicitud antes de que puedas escribir más.
unasked-text = No compartes ningún lienzo con { $name }: tu primer mensaje es una solicitud.
delete-conversation = Eliminar conversación
delete-title = ¿Eliminar esta conversación?
delete-text = Desaparece solo para ti y vuelve cuando se escriba algo nuevo.
decline-title = ¿Rechazar esta solicitud?
decline-text = La conversación desaparece para ti. No se avisa a nadie. Para no saber nada más, bloquea a la persona.
block-title = ¿Bloquear a esta persona?
block-text = Ninguno de los dos podrá escribir al otro aquí, y no verás lo que haga. No se le avisa.
write-a-message = Escribir un mensaje
message-field = Mensaje para { $name }
choose-conversation = Elige una conversación
missing-title = Esa conversación no existe
missing-text = Puede que sea de otra cuenta.
all-conversations = Todas las conversaciones
remove-message = Eliminar mensaje
report-message = Denunciar mensaje…
is-typing = { $name } está escribiendo
history = Mensajes con { $name }
too-many-wait = Ya hay demasiados mensajes en espera.
refused-not-wanted = Esta persona no acepta mensajes tuyos por ahora.
refused-no-conversation = Esta conversación ya no existe.
unread-messages =
    { $n ->
        [one] { $n } mensaje sin leer
       *[other] { $n } mensajes sin leer
    }
