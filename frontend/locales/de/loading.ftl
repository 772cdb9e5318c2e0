### Shown before the client is loaded. These come first in the catalog: boot.js takes them by their
### place there.

loading = Stellar Canvas wird geladen …
loading-failed = Stellar Canvas konnte nicht geladen werden. Bitte lade die Seite neu.
