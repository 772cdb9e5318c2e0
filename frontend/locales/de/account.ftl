### The account, hidden people and invites.

## A guest becomes registered.

keep = Alles behalten …
keep-title = Behalte, was dir gehört
keep-text = Du bist als Gast hier: Niemand kann sich noch einmal als du anmelden, auch du nicht. Mit Name und Passwort bleiben deine Zeichnungen, Rollen und Leinwände deine, auf jedem Gerät.
keep-action = Alles behalten
keep-later = Später
kept = Du bist jetzt @{ $name }. Alles bleibt deins.
keep-offer = Gefällt dir, was du gezeichnet hast? Mit Name und Passwort behältst du es.
already-registered = Du hast schon einen Namen und ein Passwort.

## The account.

account = Konto
change-password = Passwort ändern
old-password = Jetziges Passwort
new-password = Neues Passwort
password-changed = Passwort geändert. Deine anderen Sitzungen sind beendet.
sessions = Wo du angemeldet bist
session-here = Dieser Browser
session-elsewhere = Ein anderer Browser
session-times = Angemeldet { $began }, zuletzt gesehen { $seen }
end-session = Dort abmelden
end-others = Überall sonst abmelden
sessions-away = Die Liste ist gerade nicht zu bekommen.
delete-account = Mein Konto löschen
delete-account-text = Name und Passwort verschwinden, und niemand kann sich wieder als du anmelden. Was du gezeichnet und gesagt hast, bleibt, als von einem gelöschten Konto. Das lässt sich nicht rückgängig machen.
delete-canvases = Auch meine Leinwände löschen, mit allem darauf
delete-guest-label = Schreibe zum Löschen deinen Namen: { $name }

## Hidden people.

hide-person = Diese Person für mich ausblenden
show-person = Diese Person wieder zeigen
hidden = { $name } ist hier für dich ausgeblendet und erfährt nichts davon.
shown-again = { $name } wird dir wieder gezeigt.
hidden-people = Ausgeblendete Leute
hidden-people-text = Du siehst ihre Nachrichten, Zeiger und Erwähnungen nicht. Sie erfahren es nicht.
hidden-nobody = Du hast niemanden ausgeblendet.
show-again = { $name } wieder zeigen
show-again-short = Wieder zeigen

## Invites.

invites = Einladungen
invites-text = Wer den Link öffnet, bekommt hier diese Rolle.
invite-role = Rolle
invite-uses = Wie oft
invite-uses-any = Beliebig oft
invite-uses-once = Einmal
invite-uses-ten = 10-mal
invite-uses-hundred = 100-mal
invite-time = Wie lange
invite-day = 1 Tag
invite-week = 7 Tage
invite-month = 30 Tage
invite-note = Notiz
invite-note-example = Für wen ist sie?
invite-make = Einladung erstellen
invite-copy = Link kopieren
invite-copied = Einladung kopiert.
invite-revoke = Zurücknehmen
invite-revoke-one = Die Einladung zurücknehmen: { $role }
invite-until = bis { $time }
invite-used = { NUMBER($n) } von { NUMBER($max) } benutzt
no-invites = Keine Einladung ist offen.
invite-link = Adresse der Einladung

## The page of an invite.

invited-title = Du bist eingeladen
invited-text = Jemand möchte mit dir zeichnen. Komm erst herein, wie du magst; dann öffnet sich die Leinwand.
invited-as = Du nimmst sie als { $name } an.
accept = Einladung annehmen
invite-over-title = Diese Einladung gilt nicht mehr
invite-over-text = Sie ist aufgebraucht, zurückgenommen oder abgelaufen. Bitte um eine neue.

## Guests and newcomers of a canvas.

guests = Was Gäste dürfen
guests-paint = Zeichnen
guests-paint-hint = Gäste dürfen, was alle dürfen
guests-chat = Chatten
guests-chat-hint = Gäste schauen, chatten und vergeben Likes, zeichnen aber nicht
guests-look = Schauen
guests-look-hint = Gäste schauen nur
guests-none = Draußen bleiben
guests-none-hint = Nur wer Name und Passwort hat, kommt herein
newcomers = Wer neu hier ist
newcomers-free = Frei
newcomers-free-hint = Darf sofort, was alle dürfen
newcomers-limited = Anfangs begrenzt
newcomers-limited-hint = 15 Minuten lang nur wenig in fremden Kacheln malen und langsam chatten
uses =
    { $n ->
        [one] { $n }-mal benutzt
       *[other] { $n }-mal benutzt
    }
