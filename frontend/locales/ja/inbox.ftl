### Notifications and private messages.

inbox = 受信箱
notifications = 通知
messages = メッセージ
private-messages = ダイレクトメッセージ
open-page = ページで開く
mark-all-read = すべて既読にする
mark-read = 既読にする
settings = 通知の設定
nothing-title = 新着はありません
nothing-text = いいね、コメント、返信、メンションがここに表示されます。
unread-mark = 未読
earlier = それ以前
not-loaded = 読み込めませんでした。
away = 接続していません。サーバーにつながりしだい新着が届きます。
sign-in-first = サインインすると新着を見られます。

## What notifications tell.

somebody = 誰か
liked-one = { $name } があなたのタイル { $place } にいいねしました
liked-many = { $name } とほか { NUMBER($n) } 人があなたのタイル { $place } にいいねしました
painted-one = { $name } があなたのタイル { $place } に描きました
painted-many = あなたのタイル { $place } に { NUMBER($n) } 回描かれました(最後は { $name })
commented = { $name } がタイル { $place } にコメントしました
commented-somewhere = { $name } がコメントしました
replied = { $name } があなたに返信しました
mentioned = { $name } があなたをメンションしました
wrote = { $name } からメッセージが届きました
wrote-many = { $name } から { NUMBER($n) } 件のメッセージが届きました
role-set = { $name } があなたの役割を変更しました: { $role }
role-set-by-nobody = あなたの役割が変わりました: { $role }
sanctioned = モデレーターがあなたのアカウントまたは行動に対して処分を行いました
case-decided = あなたの報告について決定がありました
appeal-decided = あなたの異議について決定がありました
invite-used = { $name } があなたの招待を受けました
export-ready = 書き出しの準備ができました
something = 何かが起きました
unread-notifications = 未読の通知 { NUMBER($n) } 件

## Settings.

tell-me = 次のときに知らせる
on-like = 自分のタイルにいいねが付いたとき
on-paint = 自分のタイルに誰かが描いたとき
on-comment = 自分のタイルやスレッドにコメントが付いたとき
on-reply = 返信があったとき
on-mention = メンションされたとき
on-message = ダイレクトメッセージが届いたとき
always-told = 役割、決定、処分は必ず通知されます。
who-may-write = メッセージを送れる人
everybody = 全員
shared-canvas = 同じキャンバスの人
nobody = 誰も送れない
desktop = このデバイス
desktop-text = このページがバックグラウンドにある間、通知を表示します。
desktop-on = 通知を表示
desktop-off = 通知の表示をやめる
desktop-denied = ブラウザーがこのサイトの通知を禁止しています。ブラウザーの設定で許可できます。
desktop-unsupported = このブラウザーには通知機能がありません。

## Private messages.

message-example = メッセージ…
no-conversations-title = メッセージはまだありません
no-conversations-text = キャンバスで人を選んで、メッセージを送りましょう。
requests = リクエスト
conversations = 会話
removed = このメッセージは削除されました。
you-wrote = あなた: { $text }
begin = { $name } とのメッセージはここから始まります。
asks = { $name } があなたにメッセージを送りたいそうです。返信すると承認になります。
accept = 承認
decline = 断る
block = ブロック
unblock = ブロックを解除
blocked-text = { $name } をブロックしています。ここではどちらも書けません。
waiting-text = 続きを書くには、{ $name } がリクエストを承認する必要があります。
unasked-text = { $name } とは同じキャンバスがないため、最初のメッセージはリクエストになります。
delete-conversation = 会話を削除
delete-title = この会話を削除しますか?
delete-text = 消えるのは自分の側だけです。新しいメッセージがあると、また表示されます。
decline-title = このリクエストを断りますか?
decline-text = 自分の側から会話が消えます。相手には知らされません。今後届かないようにするには、ブロックしてください。
block-title = この人をブロックしますか?
block-text = ここでは互いにメッセージを送れなくなり、この人の行動は表示されなくなります。相手には知らされません。
write-a-message = メッセージを書く
message-field = { $name } へのメッセージ
choose-conversation = 会話を選んでください
missing-title = その会話はありません
missing-text = 別のアカウントのものかもしれません。
all-conversations = すべての会話
remove-message = メッセージを削除
report-message = メッセージを報告…
is-typing = { $name } が入力中
history = { $name } とのメッセージ
too-many-wait = 送信待ちのメッセージが多すぎます。
refused-not-wanted = この人は今、あなたからのメッセージを受け取りません。
refused-no-conversation = この会話はもうありません。
unread-messages = 未読メッセージ { NUMBER($n) } 件
