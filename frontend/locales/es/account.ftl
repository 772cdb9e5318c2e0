### The account, hidden people and invites.

## A guest becomes registered.

keep = Conservarlo todo…
keep-title = Conserva lo que es tuyo
keep-text = Has entrado sin cuenta: nadie puede volver a entrar como tú, ni siquiera tú. Con un nombre y una contraseña, tus dibujos, roles y lienzos siguen siendo tuyos en cualquier dispositivo.
keep-action = Conservarlo todo
keep-later = Ahora no
kept = Ahora eres @{ $name }. Todo sigue siendo tuyo.
keep-offer = ¿Te gusta lo que has dibujado? Elige un nombre y una contraseña para conservarlo.
already-registered = Ya tienes nombre y contraseña.

## The account.

account = Cuenta
change-password = Cambiar contraseña
old-password = Contraseña actual
new-password = Contraseña nueva
password-changed = Contraseña cambiada. Tus demás sesiones se han cerrado.
sessions = Dónde tienes la sesión abierta
session-here = Este navegador
session-elsewhere = Otro navegador
session-times = Sesión iniciada { $began }, última visita { $seen }
end-session = Cerrar esa sesión
end-others = Cerrar todas las demás sesiones
sessions-away = La lista no está disponible en este momento.
delete-account = Eliminar mi cuenta
delete-account-text = Tu nombre y tu contraseña desaparecen y nadie podrá volver a entrar como tú. Lo que dibujaste y dijiste se queda, como de una cuenta eliminada. No se puede deshacer.
delete-canvases = Eliminar también mis lienzos, con todo lo que tienen
delete-guest-label = Para eliminarla, escribe tu nombre: { $name }

## Hidden people.

hide-person = Ocultar a esta persona para mí
show-person = Volver a mostrar a esta persona
hidden = { $name } ya no se te muestra aquí. No se le dice nada.
shown-again = { $name } se te vuelve a mostrar.
hidden-people = Personas ocultas
hidden-people-text = No ves sus mensajes, punteros ni menciones. No se les dice nada.
hidden-nobody = No ocultas a nadie.
show-again = Volver a mostrar a { $name }
show-again-short = Volver a mostrar

## Invites.

invites = Invitaciones
invites-text = Quien abra el enlace recibe este rol aquí.
invite-role = Rol
invite-uses = Cuántas veces
invite-uses-any = Sin límite
invite-uses-once = Una vez
invite-uses-ten = 10 veces
invite-uses-hundred = 100 veces
invite-time = Cuánto tiempo
invite-day = 1 día
invite-week = 7 días
invite-month = 30 días
invite-note = Nota
invite-note-example = ¿Para quién es?
invite-make = Crear invitación
invite-copy = Copiar enlace
invite-copied = Invitación copiada.
invite-revoke = Retirar
invite-revoke-one = Retirar la invitación: { $role }
invite-until = hasta { $time }
invite-used = { NUMBER($n) } de { NUMBER($max) } usadas
no-invites = No hay invitaciones abiertas.
invite-link = Dirección de la invitación

## The page of an invite.

invited-title = Tienes una invitación
invited-text = Alguien te propone dibujar juntos. Entra primero como prefieras; después se abre el lienzo.
invited-as = La aceptas como { $name }.
accept = Aceptar la invitación
invite-over-title = Esta invitación ya no vale
invite-over-text = Se ha agotado, se ha retirado o ha caducado. Pide otra a quien te la dio.

## Guests and newcomers of a canvas.

guests = Qué pueden hacer los invitados
guests-paint = Dibujar
guests-paint-hint = Los invitados pueden lo mismo que los demás
guests-chat = Chatear
guests-chat-hint = Los invitados miran, chatean y dan me gusta, pero no dibujan
guests-look = Mirar
guests-look-hint = Los invitados solo miran
guests-none = Quedarse fuera
guests-none-hint = Solo entra quien tiene nombre y contraseña
newcomers = Quienes acaban de llegar
newcomers-free = Libres
newcomers-free-hint = Pueden enseguida lo mismo que los demás
newcomers-limited = Limitados al principio
newcomers-limited-hint = Durante 15 minutos pintan poco en casillas ajenas y chatean despacio
uses =
    { $n ->
        [one] usada { $n } vez
       *[other] usada { $n } veces
    }
