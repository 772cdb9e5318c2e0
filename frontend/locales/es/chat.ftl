### The chat: answers, edits, links and drafts.

reply = Responder
reply-to-message = Responder al mensaje de { $name }
edit = Editar
edited = editado
edited-at = Editado: { $time }

replying-to = Respuesta a { $name }
replying = Respuesta a un mensaje
editing = Edita tu mensaje
cancel-reply = No responder a este mensaje
cancel-edit = Dejarlo como estaba
save = Guardar
new-line = Línea nueva

in-reply-to = En respuesta a { $name }:
in-reply = En respuesta a un mensaje
go-to-message = Ir a ese mensaje
removed-quote = Un mensaje eliminado
hidden-quote = Un mensaje de alguien a quien ocultas
message-not-loaded = Ese mensaje queda demasiado atrás para mostrarlo.

not-saved = No guardado: { $why }
edit-too-late = Un mensaje solo se puede editar durante 15 minutos.
