### Keeping order: sanctions, reports, cases, appeals and the moderation log.

## Acts on a person.

acts-on = Más sobre { $name }
acts-on-message = Más sobre el mensaje de { $name }
warn = Advertir
mute = Silenciar
stop-painting = Impedir que pinte
time-out = Suspender
ban = Expulsar
remove-message = Eliminar mensaje
remove-all = Eliminar sus mensajes de la última hora
report = Denunciar…

## The form of a sanction.

sanction = Sanción
whom = A quién
what = Qué
how-long = Durante cuánto
ten-minutes = 10 min
one-hour = 1 h
one-day = 1 día
seven-days = 7 días
open-end = Sin final
reason = Motivo
reason-hint = Lo leerá, y queda en el registro de moderación.
note = Nota para los demás moderadores
effect-warning = { $name } recibe un aviso y tiene que confirmarlo. No cambia nada más.
effect-mute = { $name } no podrá chatear, comentar, mencionar a nadie ni escribir a gente de este lienzo.
effect-no-paint = { $name } no podrá cambiar ninguna casilla. Lo que pintó se queda.
effect-timeout = { $name } solo podrá mirar: ni chat, ni pintar, ni me gusta.
effect-ban = { $name } se desconecta y no podrá entrar. Lo que pintó y dijo se queda.
effect-until = Termina por sí sola: { $time }.
effect-open = No tiene final hasta que alguien la levante.
effect-name = Puede recurrirla y no ve tu nombre.

## The sanctioned person's view.

got-warning = Has recibido una advertencia
got-mute = No puedes chatear aquí
got-no-paint = No puedes pintar aquí
got-timeout = Aquí solo puedes mirar
got-ban = Te han expulsado de este lienzo
got-ban-server = Te han expulsado de este servidor
until = Hasta { $time }
no-end = Sin final fijado
still-warning = Todo funciona como antes. Confirma que lo has leído.
still-mute = Aún puedes pintar, dar me gusta y mirar.
still-no-paint = Aún puedes chatear, dar me gusta y mirar.
still-timeout = Aún puedes mirarlo todo.
still-ban = Aún puedes mirar el tablero sin iniciar sesión.
confirm-warning = Lo he leído
appeal = Recurrir
see-appeal = Ver tu recurso
my-sanctions = Sanciones contra ti
no-sanctions = No hay nada contra ti.
lifted-on = Levantada: { $time }
ended-on = Terminada: { $time }
appeal-text = ¿Por qué debería levantarse o acortarse?
appeal-hint = Lo lee alguien distinto de quien lo decidió, si hay alguien más.
send-appeal = Enviar recurso
appeal-waiting = Tu recurso espera respuesta.
appeal-reply = Añadir algo
moderator = Moderación
state-waiting = En espera
state-kept = Mantenida
state-shortened = Acortada
state-lifted = Levantada
chat-muted = Ahora no puedes chatear aquí
chat-slow = Podrás volver a escribir en { NUMBER($n) } s
locked-down = Hasta las { $time } aquí solo cambian algo moderadores y miembros.
newcomer = Acabas de llegar. Hasta las { $time }: en casillas ajenas, como mucho 300 píxeles por minuto, y 6 mensajes por minuto.
may-not-sanctioned-open = No puedes pintar aquí.
no-guests = Aquí no se entra sin cuenta
no-guests-text = Regístrate o inicia sesión para participar. Puedes mirar el tablero tal como está.
must-register = Regístrate primero
must-register-text = Por ahora no se puede participar sin cuenta desde este dispositivo o esta red. Con una cuenta sí.
shelved = No enviado. Queda como borrador en este navegador.
sanction-over = Una sanción contra ti ha terminado. Todo vuelve a ser como antes.
send-draft = Enviar ahora
export-draft = Exportar
discard-draft = Descartar
message-removed = Este mensaje se ha eliminado.
refused-sanctioned = Una sanción te lo impide.
refused-newcomer = Acabas de llegar: ve más despacio en las casillas de otros.
refused-slow-mode = Modo lento: espera antes del próximo mensaje.
refused-locked-down = Este lienzo está cerrado por ahora.
refused-no-message = El mensaje ya no está.
refused-no-comment = El comentario ya no está.
problem-claimed = Otra persona ha tomado este caso.
problem-over = Esto ya se decidió o ya terminó.

## Reports.

report-title = Denunciar
report-what = ¿Qué está mal?
rule-harassment = Acoso
rule-hate = Odio
rule-sexual = Contenido sexual
rule-illegal = Algo ilegal
rule-griefing = Destruir el trabajo de otros
rule-spam = Spam
rule-other = Otra cosa
report-comment = ¿Qué debería saber la moderación?
report-follows = La moderación lo ve como está ahora, aunque cambie. Nadie sabrá que has sido tú, y no pasa nada automáticamente.
send-report = Enviar denuncia
reported = Denunciado. La moderación lo mirará.
withdraw = Retirarla
withdrawn = Tu denuncia se ha retirado.
target-tile = Casilla { $place }
target-area = Casillas de { $from } a { $to }
target-message = Un mensaje
message-of = Un mensaje de { $name }
target-comment = Un comentario
target-direct-message = Un mensaje privado
target-canvas = Todo el lienzo
case-came = Se ha denunciado algo.

## The panel.

moderation = Moderación
moderation-log = Registro de moderación
cases = Casos
sanctions = Sanciones
appeals = Recursos
log = Registro
lockdown = Cierre
off = no
lockdown-hint = Solo cambian algo los moderadores y quienes tienen un rol.
slow-mode = Modo lento
slow-mode-hint = Quien no modera espera entre dos mensajes.
lasts = Dura
pause = Pausa
ends-at = Termina { $time }
seconds = { NUMBER($n) } s
minutes = { NUMBER($n) } min
hours = { NUMBER($n) } h
no-cases = No hay casos abiertos. Todo en calma.
no-active-sanctions = No hay sanciones vigentes.
no-appeals = No hay recursos en espera.
no-log = Todavía no ha hecho falta nada.
case-keys = J y K se mueven, de 1 a 5 deciden.
frozen = Como estaba cuando se denunció
others-did = { $by } cambió { $pixels } de { $of }, la última vez { $time }.
nobody-changed = Nadie cambió píxeles de otra persona en las 24 horas anteriores.
painted-by = Pintado por
said-around = Lo que se dijo
their-messages = Sus mensajes más recientes
their-tiles = Sus casillas más recientes
evidence-gone = Las pruebas se eliminaron 90 días después de la decisión.
comments = Lo que dicen las denuncias
take-case = Tomar este caso
taken-by = Tomado por { $name } hasta las { $time }
go-there = Ir allí
decide = Decidir
decision-note = Nota sobre la decisión
outcome-no-violation = Sin infracción
outcome-warned = Advertido
outcome-removed = Eliminado
outcome-sanctioned = Sancionado
outcome-report-abuse = Denuncia abusiva
show-decided = Casos decididos
show-over = Ver también las terminadas
higher-rank-needed = Solo alguien con un rango superior al de { $name } puede actuar aquí.
problem-rank = No es posible: esta persona tiene tu mismo rango o uno superior.
problem-rank-or-concerned = No es posible: esta persona tiene tu mismo rango o uno superior, o tú has denunciado esto o te han denunciado.
problem-concerned = Has denunciado esto o te han denunciado. Decide otra persona.
problem-decider = Decide otra persona: no quien impuso la sanción, y solo con un rango superior al de la persona.
issued-by-you = Tú impusiste esta sanción. Decide otra persona.
lift-needs-rank = La debe levantar un rango superior.
server-moderation = Moderación del servidor
sanction-on-server = Sanción en todo el servidor
admins-only = Aquí solo moderan los administradores de este servidor.
lift = Levantar
by = por { $name }
keep = Mantener
shorten = Acortar
answer = Respuesta
shorten-to = Termina en
send-reply = Preguntar o responder
somebody = alguien

## With a number.

drafts =
    { $n ->
        [one] No se envió { $n } cambio. Queda como borrador.
       *[other] No se enviaron { $n } cambios. Quedan como borrador.
    }
reporters =
    { $n ->
        [one] { $n } persona
       *[other] { $n } personas
    }
pixels =
    { $n ->
        [one] { $n } píxel
       *[other] { $n } píxeles
    }
removed =
    { $n ->
        [one] { $n } mensaje eliminado.
       *[other] { $n } mensajes eliminados.
    }
open-cases =
    { $n ->
        [one] { $n } caso abierto
       *[other] { $n } casos abiertos
    }

## Acts in the moderation log.

did-sanction = Sanción impuesta
did-lift = Sanción levantada
did-remove-message = Mensaje eliminado
did-purge = Mensajes eliminados
did-rewrite = Pintura retirada o restaurada
did-undo-rewrite = Eso se deshizo
did-delete-tile = Casilla eliminada
did-set-role = Rol dado
did-remove-member = Rol retirado
did-change-settings = Ajustes cambiados
did-decide-case = Caso decidido
did-decide-appeal = Recurso decidido
did-kick = Desconectado
