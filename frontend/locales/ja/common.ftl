### Everything but the areas with files of their own.

## The application.

name = Stellar Canvas
sentence = 小さなドット絵でできた空を、みんなでリアルタイムに描きます。
close = 閉じる
cancel = キャンセル
save = 保存
or = または
you = あなた
somebody = 誰か
try-again = もう一度試す
show-more = もっと見る
dismiss = 閉じる
notices = お知らせ

## Sign-in forms.

come-in = 入って描く
join-title = 参加する
your-name = お名前
your-name-example = ほかの人に表示されます
draw-as-guest = ゲストとして描く
sign-in = サインイン
register = 登録
sign-out = サインアウト
username = ユーザー名
username-hint = 英字・数字・_・- で 3〜32 文字
password = パスワード
password-hint = 8 文字以上
is-guest = ゲスト
welcome = おかえりなさい。今日はどこに描きますか?
pick-canvas = キャンバスを選ぶ

## Canvases.

search = キャンバスを検索
clear-search = すべてのキャンバスを表示
nothing-found-title = 見つかりませんでした
nothing-found-text = 名前や説明にこの言葉を含むキャンバスはありません。
public-canvases = 公開キャンバス
my-canvases = あなたのキャンバス
all-canvases = すべてのキャンバス
new-canvas = 新しいキャンバス
create-canvas = キャンバスを作る
canvas-name = 名前
canvas-name-example = 夜空
canvas-description = どんなキャンバスですか?
canvas-width = 列
canvas-height = 行
canvas-tile-size = タイルのピクセル数
canvas-visibility = 誰が見つけられるか
canvas-edit-policy = 誰がどこに描けるか
visibility-public = 全員
visibility-public-hint = スタートページに載ります
visibility-unlisted = リンクを知っている人
visibility-unlisted-hint = 誰でも入れますが、一覧には載りません
visibility-private = メンバーのみ
visibility-private-hint = 入れる人をあなたが決めます
policy-open = みんなで
policy-open-hint = 誰でもどのタイルにも描けます
policy-exclusive = 一人ずつ
policy-exclusive-hint = 描いている間、そのタイルはあなたのものです
policy-own = それぞれに
policy-own-hint = タイルは描き始めた人のものです
grid-size = { $width } × { $height }
preview-pixels = { $width } × { $height } ピクセル
side-problem = { NUMBER($least) } から { NUMBER($most) } までの数
no-canvases-title = キャンバスはまだありません
no-canvases-text = 空はまだ何もありません。最初の一枚を作りましょう。
make-first-canvas = 最初の一枚を作る
away-title = サーバーに接続できません
away-text = 接続を確認して、もう一度試してください。

## Pages for errors.

not-found-title = ここには星しかありません
not-found-text = このアドレスのページはありません。リンクの一部が途中で欠けたのかもしれません。
no-canvas-title = そのキャンバスはありません
no-canvas-text = 削除されたか、リンクの一部が途中で欠けたのかもしれません。
no-access-title = このキャンバスは非公開です
no-access-text = メンバーだけが見られます。リンクをくれた人に追加を頼むか、別のアカウントでサインインしてください。
deleted-title = このキャンバスは削除されました
deleted-text = 削除時の状態を表示しています。もう何も追加できません。

## Dialogs.

shortcuts = キーボードショートカット
profile = プロフィール
status-message = 今、何をしていますか?
status-message-example = 月を描いています
canvas-title = キャンバス
canvas-settings = キャンバスの設定
about-canvas = このキャンバスについて
canvas-size = 列と行
canvas-made = 作成日
saved = 保存しました。
members = メンバー
members-public = ここでは誰でも描けます。モデレーターや閲覧のみの人を追加できます。
members-private = ほかの人はこのキャンバスを見られません。
member-example = @名前 の形
add-member = 追加
remove-member = { $name } を外す
no-such-user = そのユーザー名の人はいません。
role = 役割
role-of = { $name } の役割
role-owner = オーナー
role-moderator = モデレーター
role-editor = 描く
role-viewer = 見る
delete-canvas = このキャンバスを削除
delete-canvas-text = タイル、メッセージ、いいねがすべて、全員から消えます。元には戻せません。
delete-canvas-label = 削除するには名前を入力してください: { $name }
times = { NUMBER($n) } 倍
download = ダウンロード
sign-out-title = サインアウトしますか?
sign-out-guest = ゲストとして入っているため、{ $name } としては誰も、あなた自身も、二度とサインインできません。
sign-out-guest-stays = 描いたものと発言は残ります。タイルが描き始めた人のものになるキャンバスでは、あなたのタイルはもう変更できません。
palette = 色
palette-default = Stellar
palette-own = 自分の色
palette-own-label = あなたの色
palette-hint = #f6c657 のような色を 2〜64 色。パレットのページからコピーできます。

## Top bar.

connection = 接続
live = ライブ
connecting = 接続中…
reconnecting = { NUMBER($n) } 秒後に再接続
offline = オフライン
signed-out = サインアウト済み
try-now = 今すぐ試す
connection-lost = 接続が切れました。再接続しています。
ended-deleted = キャンバスは削除されました
ended-access = アクセスできません
ended-kicked = 管理者がこのタブを切断しました
ended-kicked-text = ボードはその時のままです。今描いたものは、再接続するまで待ちます。
ended-banned = ここにはもう入れません
ended-banned-text = ボードは退出させられた時のままです。ここの運営者に尋ねてください。
ended-no-access = このキャンバスはもう見られません
ended-no-access-text = 非公開になったか、役割が外されました。ボードはその時のままです。オーナーに追加を頼んでください。
ended-rate-limited = 切断されました: メッセージが多すぎます
ended-rate-limited-text = このタブがサーバーの読めないものを送りました。ページを再読み込みしてください。送信待ちのものは残ります。
ended-other = 切断されました
ended-other-text = サーバーがこの接続を終了しました。ボードはその時のままです。
loading-canvas = キャンバスを読み込んでいます…
away-loading-text = サーバーが応答すると、キャンバスが表示されます。
away-canvas-text = そのまま描き続けてください。内容はこのブラウザーに保存され、サーバーが戻りしだい送信されます。
offline-title = オフラインです
offline-text = そのまま描き続けてください。内容はこのブラウザーに保存され、オンラインに戻りしだい送信されます。
too-many-title = 開いているタブが多すぎます
too-many-text = ここかほかの端末で、いくつか閉じてください。このタブは自動的に接続します。
blocked-title = ライブ接続ができません
blocked-text = サーバーは応答していますが、プロキシやブラウザーの拡張機能など、途中の何かが WebSocket を通しません。接続できるまで、内容はこのブラウザーに保存されます。
wrong-address-title = サーバーはこのアドレスを知りません
wrong-address-text = このページのアドレスからの操作は受け付けられません。サーバーの運営者が許可する必要があります。
sign-out-waits = このブラウザーではサインアウトしました。サーバーには、接続できしだい伝えます。
full-title = サーバーが満員です
full-text = 誰かが出るとすぐに入れます。それまで内容はこのブラウザーに保存されます。
reconnect = 再接続
state-of-canvas = キャンバスの状態
following = { $name } をフォロー中
stop = やめる
session-over = サインアウトしました
session-over-text = セッションが終了しました。ボードはその時のままです。
people-here-now = 今ここにいる人
follow = { $name } をフォロー
stop-following = { $name } のフォローをやめる
share = リンクを共有
share-short = 共有
share-by-hand = このアドレスをコピーして友だちに送ってください。
link = リンク
link-copied = リンクをコピーしました。今見ている場所がそのまま開きます。
menu = メニュー
status = ステータス
status-online = オンライン
status-away = 離席中
status-busy = 取り込み中
theme = テーマ
language = 言語
theme-system = システム
theme-light = ライト
theme-dark = ダーク
show-panel = サイドパネルを表示
hide-panel = サイドパネルを隠す

## Dock.

panels = パネル
chat = チャット
people = 参加者
activity = アクティビティ
tile = タイル

## Chat.

messages = メッセージ
chat-history = チャットの履歴
message = メッセージ
message-example = メッセージ(@ でメンション)
chat-is-over = ここではもう発言できません
sign-in-to-chat = サインインしてチャット
send = 送信
typing = 入力中
typing-one = { $name } が入力中
typing-two = { $name } と { $other } が入力中
typing-many = { $name } とほか { NUMBER($n) } 人が入力中
no-messages-title = メッセージはまだありません
no-messages-text = あいさつしましょう。@12,7 と書くとタイルを指せます。
new-messages = 新しいメッセージ
loading-older = 以前のメッセージを読み込んでいます…
chat-beginning = ここからすべてが始まりました
says = { $name }:
at-name = @{ $name }

## A label with a key, or with more about it.

with-note = { $label } ({ $note })
plus = +{ NUMBER($n) }

## The title of the browser's tab.

page-of = { $page } · { $name }
unread-page = ({ NUMBER($n) }) { $page }
go-to-tile = タイル { $place } へ
waits-for-connection = 接続を待っています
not-sent = 送信できませんでした: { $why }
retry = 再送信
discard = 破棄

## People and activity.

draws-in = タイル { $place } に描いています
is-typing = 入力中
looks-around = 見て回っています
leaving = たった今退出しました
alone = ここにはあなただけです。リンクを共有すると、にぎやかになります。
did-create = タイル { $place } を描き始めました
did-paint = タイル { $place } に描きました
did-title = タイル { $place } に名前を付けました
did-like = タイル { $place } にいいねしました
did-unlike = タイル { $place } のいいねを取り消しました
did-delete = タイル { $place } を削除しました
did-settings = キャンバスを変更しました
was-created = タイル { $place } が描き始められました
was-painted = タイル { $place } に描き足されました
was-titled = タイル { $place } に名前が付きました
was-liked = タイル { $place } にいいねが付きました
was-unliked = タイル { $place } のいいねが取り消されました
was-deleted = タイル { $place } が削除されました
was-settings = キャンバスが変更されました
no-activity-title = まだ何も起きていません
no-activity-text = 描いたこと、いいね、名前付けがここに表示されます。

## Tile.

no-tile-title = タイルが選ばれていません
no-tile-text = ボードのタイルをクリックすると、作者を見たり描いたりできます。
empty-cell = ここにはまだ誰も描いていません。
draw-here = ここに描く
draw-in-tile = このタイルに描く
stop-drawing = 描き終える
like = いいね
unlike = いいねを取り消す
point-here = ここを指す
show-tile = 表示
title = タイトル
untitled = 無題
edit-title = タイトルを編集
started-on = 開始 { $time }
place-label = 場所
likes-label = いいね
changed-label = 最終変更
delete-tile = タイルを削除
delete-title = タイル { $place } を削除しますか?
delete-text = 絵、タイトル、いいねが全員から消えます。元には戻せません。

## Bottom status.

place = { $x }, { $y }
tile-at = タイル { $place }
place-by = { $place } · { $name }
zoom-in = 拡大
zoom-out = 縮小
zoom-fit = ボード全体
zoom-is = ズーム { NUMBER($n) } パーセント
percent = { NUMBER($n) }%

## Toasts.

taken-back = 変更は取り消されました。{ $why }
queue-full = 接続待ちの変更が多すぎます。この変更は保存されませんでした。
now-viewer = ここでは見るだけになりました。
now-editor = ここで描けるようになりました。
now-moderator = ここでモデレートできるようになりました。
not-kept = このブラウザーに空きがありません。送信待ちのものは再読み込みすると失われます。
points-at = { $name } がタイル { $place } を指しています
mentioned-you = { $name } があなたをメンションしました: { $text }

## Problems.

problem-away = サーバーに接続できません。もう一度試してください。
problem-credentials = ユーザー名とパスワードが一致しません。
problem-username-taken = その名前はほかの人が使っています。
problem-validation = フォームに誤りがあります。
problem-signed-out = サインアウトしています。もう一度サインインしてください。
problem-forbidden = ここではその操作はできません。
problem-rate-limited = 操作が多すぎます。少し待ってください。
problem-field = この入力は受け付けられません。
text-empty = 何か入力してください。
text-too-short = { NUMBER($n) } 文字以上で入力してください。
text-too-long = { NUMBER($n) } 文字以内で入力してください。
text-control = 表示できない文字が含まれています。
text-alphabet = 英字・数字・_・- だけを使ってください。
refused-text-too-long = 文が長すぎます。
refused-out-of-bounds = その場所はキャンバスの外です。
refused-tile-exists = ここにはもうタイルがあります。
refused-tile-not-found = そのタイルはもうありません。
refused-tile-locked = ほかの人がこのタイルに描いています。
refused-version-conflict = その間にタイルが変更されました。
refused-forbidden = ここではその操作はできません。
refused-unavailable = サーバーは今、何も保存できません。
refused-internal = サーバーで問題が起きました。

## Days and times.

today = 今日
yesterday = 昨日

## With a number.

people-here = { NUMBER($n) } 人
people-drawing = 今 { NUMBER($n) } 人います
more-people = ほか { NUMBER($n) } 人
tiles = タイル { NUMBER($n) } 枚
tiles-drawn = タイル { NUMBER($n) } 枚が描かれました
likes = いいね { NUMBER($n) } 件
changes-waiting = 変更 { NUMBER($n) } 件が待機中
waits-for-you = { NUMBER($n) } 件の変更があなたを待っています。
unread = 新着メッセージ { NUMBER($n) } 件
names-offered = 名前 { NUMBER($n) } 件。矢印キーで選び、Enter で決定します。
characters-left = 残り { NUMBER($n) } 文字
characters-over = { NUMBER($n) } 文字超過
