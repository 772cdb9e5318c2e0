### Refusals of the server, by their code.

gone = これはもうありません。
busy = サーバーが混み合っています。少し待ってからもう一度試してください。
too-many-blocks = 非表示にできる人数の上限に達しています。
too-many-invites = 有効な招待の数が上限に達しています。
too-large = 大きすぎて送信できません。
refused = サーバーに拒否されました({ $code })。
