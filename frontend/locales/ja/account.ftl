### The account, hidden people and invites.

## A guest becomes registered.

keep = すべて残す…
keep-title = あなたのものを残しましょう
keep-text = ゲストとして入っているため、誰も、あなた自身も、同じ人としてもう一度サインインできません。名前とパスワードを決めれば、絵も役割もキャンバスも、どの端末でもあなたのものです。
keep-action = すべて残す
keep-later = あとで
kept = これで @{ $name } になりました。すべて引き続きあなたのものです。
keep-offer = 描いた絵は気に入りましたか? 名前とパスワードを決めて残しましょう。
already-registered = すでに名前とパスワードがあります。

## The account.

account = アカウント
change-password = パスワードを変更
old-password = 現在のパスワード
new-password = 新しいパスワード
password-changed = パスワードを変更しました。ほかのセッションは終了しました。
sessions = サインイン中の場所
session-here = このブラウザー
session-elsewhere = 別のブラウザー
session-times = サインイン { $began }、最終利用 { $seen }
end-session = そこからサインアウト
end-others = ほかのすべてからサインアウト
sessions-away = 今は一覧を取得できません。
delete-account = アカウントを削除
delete-account-text = 名前とパスワードが消え、あなたとしては誰もサインインできなくなります。描いたものと発言は、削除されたアカウントのものとして残ります。元には戻せません。
delete-canvases = 自分のキャンバスも、その中身ごと削除する
delete-guest-label = 削除するには名前を入力してください: { $name }

## Hidden people.

hide-person = この人を自分に表示しない
show-person = この人をまた表示する
hidden = { $name } はここで表示されなくなりました。本人には知らされません。
shown-again = { $name } がまた表示されます。
hidden-people = 非表示の人
hidden-people-text = その人のメッセージ、ポインター、メンションは見えません。本人には知らされません。
hidden-nobody = 非表示の人はいません。
show-again = { $name } をまた表示する
show-again-short = また表示する

## Invites.

invites = 招待
invites-text = リンクを開いた人に、ここでこの役割が与えられます。
invite-role = 役割
invite-uses = 回数
invite-uses-any = 無制限
invite-uses-once = 1 回
invite-uses-ten = 10 回
invite-uses-hundred = 100 回
invite-time = 期間
invite-day = 1 日
invite-week = 7 日
invite-month = 30 日
invite-note = メモ
invite-note-example = 誰のための招待ですか?
invite-make = 招待を作る
invite-copy = リンクをコピー
invite-copied = 招待をコピーしました。
invite-revoke = 取り消す
invite-revoke-one = 招待を取り消す: { $role }
invite-until = { $time } まで
invite-used = { NUMBER($max) } 回中 { NUMBER($n) } 回使用
no-invites = 有効な招待はありません。
invite-link = 招待のアドレス

## The page of an invite.

invited-title = 招待されています
invited-text = 一緒に描こうと誘われています。好きな方法で入ると、キャンバスが開きます。
invited-as = { $name } として招待を受けます。
accept = 招待を受ける
invite-over-title = この招待は終了しました
invite-over-text = 使い切られたか、取り消されたか、期限が過ぎました。くれた人に新しい招待を頼んでください。

## Guests and newcomers of a canvas.

guests = ゲストができること
guests-paint = 描く
guests-paint-hint = ほかの人と同じことができます
guests-chat = チャット
guests-chat-hint = 見る、チャット、いいねができ、描くことはできません
guests-look = 見る
guests-look-hint = 見るだけです
guests-none = 入れない
guests-none-hint = 名前とパスワードのある人だけが入れます
newcomers = 初めての人
newcomers-free = 制限なし
newcomers-free-hint = すぐにほかの人と同じことができます
newcomers-limited = 最初は制限
newcomers-limited-hint = 15 分間は、ほかの人のタイルには少しだけ描け、チャットもゆっくりになります
uses = { NUMBER($n) } 回使用
