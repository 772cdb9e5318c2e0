### Refusals of the server, by their code.

gone = Das gibt es nicht mehr.
busy = Der Server ist gerade ausgelastet. Bitte versuche es gleich noch einmal.
too-many-blocks = Du hast schon so viele Leute ausgeblendet, wie möglich ist.
too-many-invites = Mehr offene Einladungen sind nicht möglich.
too-large = Das ist zu groß zum Senden.
refused = Der Server hat das abgelehnt ({ $code }).
