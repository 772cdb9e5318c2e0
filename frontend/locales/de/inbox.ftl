### Notifications and private messages.

inbox = Posteingang
notifications = Benachrichtigungen
messages = Nachrichten
private-messages = Private Nachrichten
open-page = Als Seite öffnen
mark-all-read = Alle als gelesen markieren
mark-read = Als gelesen markieren
settings = Benachrichtigungen einstellen
nothing-title = Nichts Neues
nothing-text = Likes, Kommentare, Antworten und Erwähnungen erscheinen hier.
unread-mark = Ungelesen
earlier = Früher
not-loaded = Das konnte nicht geladen werden.
away = Nicht verbunden. Neues kommt, sobald der Server erreichbar ist.
sign-in-first = Melde dich an, um Neues zu sehen.

## What notifications tell.

somebody = Jemand
liked-one = { $name } mag deine Kachel { $place }
liked-many =
    { $n ->
        [one] { $name } und { $n } weitere Person mögen deine Kachel { $place }
       *[other] { $name } und { $n } weitere mögen deine Kachel { $place }
    }
painted-one = { $name } hat in deiner Kachel { $place } gemalt
painted-many =
    { $n ->
        [one] { $n }-mal in deiner Kachel { $place } gemalt, zuletzt von { $name }
       *[other] { $n }-mal in deiner Kachel { $place } gemalt, zuletzt von { $name }
    }
commented = { $name } hat Kachel { $place } kommentiert
commented-somewhere = { $name } hat einen Kommentar geschrieben
replied = { $name } hat dir geantwortet
mentioned = { $name } hat dich erwähnt
wrote = { $name } hat dir geschrieben
wrote-many =
    { $n ->
        [one] { $name } hat dir { $n } Nachricht geschrieben
       *[other] { $name } hat dir { $n } Nachrichten geschrieben
    }
role-set = { $name } hat dir eine andere Rolle gegeben: { $role }
role-set-by-nobody = Du hast eine andere Rolle: { $role }
sanctioned = Die Moderation hat gegen dich oder dein Konto etwas unternommen
case-decided = Über deine Meldung wurde entschieden
appeal-decided = Über deinen Einspruch wurde entschieden
invite-used = { $name } hat deine Einladung angenommen
export-ready = Dein Export ist fertig
something = Etwas ist passiert
unread-notifications =
    { $n ->
        [one] { $n } ungelesene Benachrichtigung
       *[other] { $n } ungelesene Benachrichtigungen
    }

## Settings.

tell-me = Sag mir Bescheid, wenn
on-like = jemand meine Kachel mag
on-paint = jemand in meiner Kachel malt
on-comment = jemand meine Kachel oder meinen Thread kommentiert
on-reply = jemand mir antwortet
on-mention = jemand mich erwähnt
on-message = jemand mir privat schreibt
always-told = Von Rollen, Entscheidungen und Maßnahmen erfährst du immer.
who-may-write = Wer mir schreiben darf
everybody = Alle
shared-canvas = Leute auf meinen Leinwänden
nobody = Niemand
desktop = Auf diesem Gerät
desktop-text = Zeigt Benachrichtigungen, während diese Seite im Hintergrund ist.
desktop-on = Benachrichtigungen zeigen
desktop-off = Benachrichtigungen nicht mehr zeigen
desktop-denied = Der Browser verbietet dieser Seite Benachrichtigungen. In seinen Einstellungen kannst du sie erlauben.
desktop-unsupported = Dieser Browser kann keine Benachrichtigungen zeigen.

## Private messages.

message-example = Nachricht …
no-conversations-title = Noch keine Nachrichten
no-conversations-text = Wähle jemanden auf einer Leinwand aus und schreib.
requests = Anfragen
conversations = Unterhaltungen
removed = Diese Nachricht wurde entfernt.
you-wrote = Du: { $text }
begin = Hier beginnen deine Nachrichten mit { $name }.
asks = { $name } möchte dir schreiben. Mit einer Antwort nimmst du an.
accept = Annehmen
decline = Ablehnen
block = Blockieren
unblock = Nicht mehr blockieren
blocked-text = Du blockierst { $name }. Hier kann keiner von euch schreiben.
waiting-text = { $name } muss deine Anfrage annehmen, bevor du mehr schreiben kannst.
unasked-text = Du und { $name } habt keine gemeinsame Leinwand: Deine erste Nachricht ist eine Anfrage.
delete-conversation = Unterhaltung löschen
delete-title = Diese Unterhaltung löschen?
delete-text = Sie verschwindet nur für dich und kommt wieder, wenn etwas Neues geschrieben wird.
decline-title = Diese Anfrage ablehnen?
decline-text = Die Unterhaltung verschwindet für dich. Niemand erfährt davon. Um nichts mehr zu hören, blockiere die Person.
block-title = Diese Person blockieren?
block-text = Ihr könnt euch hier nicht mehr schreiben, und was die Person tut, ist für dich ausgeblendet. Sie erfährt es nicht.
write-a-message = Nachricht schreiben
message-field = Nachricht an { $name }
choose-conversation = Wähle eine Unterhaltung
missing-title = Diese Unterhaltung gibt es nicht
missing-text = Vielleicht gehört sie zu einem anderen Konto.
all-conversations = Alle Unterhaltungen
remove-message = Nachricht entfernen
report-message = Nachricht melden …
is-typing = { $name } schreibt
history = Nachrichten mit { $name }
too-many-wait = Es warten schon zu viele Nachrichten.
refused-not-wanted = Diese Person nimmt gerade keine Nachrichten von dir an.
refused-no-conversation = Diese Unterhaltung gibt es nicht mehr.
unread-messages =
    { $n ->
        [one] { $n } ungelesene Nachricht
       *[other] { $n } ungelesene Nachrichten
    }
