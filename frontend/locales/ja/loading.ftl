### Shown before the client is loaded. These come first in the catalog: boot.js takes them by their
### place there.

loading = Stellar Canvas を読み込んでいます…
loading-failed = Stellar Canvas を読み込めませんでした。ページを再読み込みしてください。
