### Shown before the client is loaded. These come first in the catalog: boot.js takes them by their
### place there.

loading = Loading Stellar Canvas…
loading-failed = Stellar Canvas could not be loaded. Please reload the page.
