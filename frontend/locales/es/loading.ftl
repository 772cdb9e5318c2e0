### Shown before the client is loaded. These come first in the catalog: boot.js takes them by their
### place there.

loading = Cargando Stellar Canvas…
loading-failed = No se ha podido cargar Stellar Canvas. Vuelve a cargar la página.
