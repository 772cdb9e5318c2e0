### Refusals of the server, by their code.

gone = This is not there any more.
busy = The server is busy just now. Please try again in a moment.
too-many-blocks = You hide as many people as you can.
too-many-invites = There are as many open invites as there can be.
too-large = This is too large to be sent.
# $code: a technical name, such as "not_acceptable".
refused = The server refused this ({ $code }).
