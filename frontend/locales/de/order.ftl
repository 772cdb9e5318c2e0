### Keeping order: sanctions, reports, cases, appeals and the moderation log.

## Acts on a person.

acts-on = Mehr zu { $name }
acts-on-message = Mehr zur Nachricht von { $name }
warn = Verwarnen
mute = Stummschalten
stop-painting = Malen verbieten
time-out = Auszeit geben
ban = Sperren
remove-message = Nachricht entfernen
remove-all = Nachrichten der letzten Stunde entfernen
report = Melden …

## The form of a sanction.

sanction = Maßnahme
whom = Wen
what = Was
how-long = Wie lange
ten-minutes = 10 Min.
one-hour = 1 Std.
one-day = 1 Tag
seven-days = 7 Tage
open-end = Ohne Ende
reason = Grund
reason-hint = Die Person liest ihn, und er steht im Moderationsprotokoll.
note = Notiz für andere, die moderieren
effect-warning = { $name } wird verwarnt und muss das bestätigen. Sonst ändert sich nichts.
effect-mute = { $name } kann nicht mehr chatten, kommentieren, andere erwähnen oder Leuten dieser Leinwand schreiben.
effect-no-paint = { $name } kann keine Kachel mehr ändern. Schon Gemaltes bleibt.
effect-timeout = { $name } kann nur noch schauen: kein Chat, kein Malen, keine Likes.
effect-ban = { $name } wird getrennt und kann nicht mehr herein. Gemaltes und Gesagtes bleibt.
effect-until = Es endet von selbst: { $time }.
effect-open = Es hat kein Ende, bis jemand es aufhebt.
effect-name = Die Person kann Einspruch erheben und sieht deinen Namen nicht.

## The sanctioned person's view.

got-warning = Du wurdest verwarnt
got-mute = Du kannst hier nicht chatten
got-no-paint = Du kannst hier nicht malen
got-timeout = Du kannst hier nur schauen
got-ban = Du bist auf dieser Leinwand gesperrt
got-ban-server = Du bist auf diesem Server gesperrt
until = Bis { $time }
no-end = Ein Ende ist nicht festgelegt
still-warning = Alles geht wie bisher. Bitte bestätige, dass du es gelesen hast.
still-mute = Malen, Likes und Schauen gehen weiterhin.
still-no-paint = Chatten, Likes und Schauen gehen weiterhin.
still-timeout = Du kannst dir weiterhin alles ansehen.
still-ban = Die Tafel kannst du dir weiterhin ohne Anmeldung ansehen.
confirm-warning = Ich habe es gelesen
appeal = Einspruch erheben
see-appeal = Deinen Einspruch ansehen
my-sanctions = Maßnahmen gegen dich
no-sanctions = Gegen dich liegt nichts vor.
lifted-on = Aufgehoben: { $time }
ended-on = Beendet: { $time }
appeal-text = Warum soll es aufgehoben oder verkürzt werden?
appeal-hint = Das liest jemand anders als die Person, die entschieden hat, sofern es noch jemanden gibt.
send-appeal = Einspruch senden
appeal-waiting = Dein Einspruch wartet auf eine Antwort.
appeal-reply = Ergänzen
moderator = Moderation
state-waiting = Wartet
state-kept = Bestätigt
state-shortened = Verkürzt
state-lifted = Aufgehoben
chat-muted = Du kannst hier gerade nicht chatten
chat-slow = In { NUMBER($n) } s kannst du wieder schreiben
locked-down = Bis { $time } ändern hier nur Moderation und Mitglieder etwas.
newcomer = Bis { $time } bist du neu hier: in fremden Kacheln höchstens 300 Pixel und insgesamt 6 Nachrichten je Minute.
may-not-sanctioned-open = Du kannst hier nicht malen.
no-guests = Gäste kommen hier nicht herein
no-guests-text = Registriere dich oder melde dich an, um mitzumachen. Die Tafel kannst du dir ansehen.
must-register = Bitte registriere dich erst
must-register-text = Gäste von diesem Gerät oder aus diesem Netz können hier vorerst nicht mitmachen. Mit einem Konto kannst du es.
shelved = Nicht gesendet. Es bleibt als Entwurf in diesem Browser.
sanction-over = Eine Maßnahme gegen dich ist vorbei. Alles ist wie zuvor.
send-draft = Jetzt senden
export-draft = Exportieren
discard-draft = Verwerfen
message-removed = Diese Nachricht wurde entfernt.
refused-sanctioned = Eine Maßnahme hindert dich daran.
refused-newcomer = Du bist neu hier: Bitte mach in Kacheln anderer langsamer.
refused-slow-mode = Langsamer Modus: Bitte warte vor der nächsten Nachricht.
refused-locked-down = Diese Leinwand ist vorerst abgeriegelt.
refused-no-message = Die Nachricht ist nicht mehr da.
refused-no-comment = Der Kommentar ist nicht mehr da.
problem-claimed = Jemand anders hat diesen Fall übernommen.
problem-over = Das wurde schon entschieden oder ist schon zu Ende.

## Reports.

report-title = Melden
report-what = Was ist nicht in Ordnung?
rule-harassment = Belästigung
rule-hate = Hass
rule-sexual = Sexuelle Inhalte
rule-illegal = Etwas Verbotenes
rule-griefing = Zerstören der Arbeit anderer
rule-spam = Spam
rule-other = Etwas anderes
report-comment = Was sollte die Moderation wissen?
report-follows = Die Moderation sieht es, wie es jetzt ist, auch wenn es sich ändert. Niemand erfährt, dass du es warst, und nichts geschieht von selbst.
send-report = Meldung senden
reported = Gemeldet. Die Moderation sieht es sich an.
withdraw = Zurücknehmen
withdrawn = Deine Meldung wurde zurückgenommen.
target-tile = Kachel { $place }
target-area = Kacheln { $from } bis { $to }
target-message = Eine Nachricht
message-of = Eine Nachricht von { $name }
target-comment = Ein Kommentar
target-direct-message = Eine private Nachricht
target-canvas = Die ganze Leinwand
case-came = Etwas wurde gemeldet.

## The panel.

moderation = Moderation
moderation-log = Moderationsprotokoll
cases = Fälle
sanctions = Maßnahmen
appeals = Einsprüche
log = Protokoll
lockdown = Abriegelung
off = aus
lockdown-hint = Nur Moderation und Leute mit einer Rolle ändern etwas.
slow-mode = Langsamer Modus
slow-mode-hint = Wer nicht moderiert, wartet zwischen zwei Nachrichten.
lasts = Dauer
pause = Pause
ends-at = Endet { $time }
seconds = { NUMBER($n) } s
minutes = { NUMBER($n) } Min.
hours = { NUMBER($n) } Std.
no-cases = Keine offenen Fälle. Alles ruhig.
no-active-sanctions = Keine geltenden Maßnahmen.
no-appeals = Keine Einsprüche warten.
no-log = Bisher war nichts zu tun.
case-keys = J und K blättern, 1 bis 5 entscheiden.
frozen = Wie es war, als es gemeldet wurde
others-did = { $by } hat { $pixels } von { $of } geändert, zuletzt { $time }.
nobody-changed = In den 24 Stunden davor hat niemand Pixel von anderen geändert.
painted-by = Gemalt von
said-around = Was gesagt wurde
their-messages = Die neuesten Nachrichten der Person
their-tiles = Die neuesten Kacheln der Person
evidence-gone = Die Belege wurden gelöscht, 90 Tage nach der Entscheidung.
comments = Was dazu gemeldet wurde
take-case = Diesen Fall übernehmen
taken-by = Übernommen von { $name } bis { $time }
go-there = Dorthin
decide = Entscheiden
decision-note = Notiz zur Entscheidung
outcome-no-violation = Kein Verstoß
outcome-warned = Verwarnt
outcome-removed = Entfernt
outcome-sanctioned = Maßnahme verhängt
outcome-report-abuse = Missbräuchlich gemeldet
show-decided = Entschiedene Fälle
show-over = Auch beendete zeigen
higher-rank-needed = Nur wer einen höheren Rang als { $name } hat, kann hier eingreifen.
problem-rank = Nicht möglich: Diese Person hat deinen oder einen höheren Rang.
problem-rank-or-concerned = Nicht möglich: Diese Person hat deinen oder einen höheren Rang, oder du hast dies gemeldet oder bist gemeldet.
problem-concerned = Du hast dies gemeldet oder bist gemeldet. Jemand anders entscheidet.
problem-decider = Jemand anders entscheidet: nicht, wer die Maßnahme verhängt hat, und nur ein höherer Rang als der der Person.
issued-by-you = Du hast diese Maßnahme verhängt. Jemand anders entscheidet.
lift-needs-rank = Aufheben muss sie ein höherer Rang.
server-moderation = Moderation des Servers
sanction-on-server = Maßnahme auf dem ganzen Server
admins-only = Nur Admins dieses Servers sorgen hier für Ordnung.
lift = Aufheben
by = von { $name }
keep = Bestätigen
shorten = Verkürzen
answer = Antwort
shorten-to = Endet in
send-reply = Nachfragen oder antworten
somebody = jemand

## With a number.

drafts =
    { $n ->
        [one] { $n } Änderung wurde nicht gesendet. Sie bleibt als Entwurf.
       *[other] { $n } Änderungen wurden nicht gesendet. Sie bleiben als Entwurf.
    }
reporters =
    { $n ->
        [one] { $n } Person
       *[other] { $n } Leute
    }
pixels =
    { $n ->
        [one] { $n } Pixel
       *[other] { $n } Pixel
    }
removed =
    { $n ->
        [one] { $n } Nachricht entfernt.
       *[other] { $n } Nachrichten entfernt.
    }
open-cases =
    { $n ->
        [one] { $n } offener Fall
       *[other] { $n } offene Fälle
    }

## Acts in the moderation log.

did-sanction = Maßnahme verhängt
did-lift = Maßnahme aufgehoben
did-remove-message = Nachricht entfernt
did-purge = Nachrichten entfernt
did-rewrite = Gemaltes zurückgenommen oder wiederhergestellt
did-undo-rewrite = Das wurde rückgängig gemacht
did-delete-tile = Kachel gelöscht
did-set-role = Rolle gegeben
did-remove-member = Rolle genommen
did-change-settings = Einstellungen geändert
did-decide-case = Fall entschieden
did-decide-appeal = Einspruch entschieden
did-kick = Getrennt
