### Shown before the client is loaded. These come first in the catalog: boot.js takes them by their
### place there.

loading = جارٍ تحميل Stellar Canvas…
loading-failed = تعذّر تحميل Stellar Canvas. يُرجى إعادة تحميل الصفحة.
