### Refusals of the server, by their code.

gone = Esto ya no existe.
busy = El servidor está ocupado en este momento. Vuelve a intentarlo enseguida.
too-many-blocks = Ya ocultas a todas las personas que puedes.
too-many-invites = No puede haber más invitaciones abiertas.
too-large = Es demasiado grande para enviarse.
refused = El servidor lo ha rechazado ({ $code }).
