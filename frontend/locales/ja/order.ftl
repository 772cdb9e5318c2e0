### Keeping order: sanctions, reports, cases, appeals and the moderation log.

## Acts on a person.

acts-on = { $name } について
acts-on-message = { $name } のメッセージについて
warn = 警告
mute = ミュート
stop-painting = 描画を禁止
time-out = タイムアウト
ban = 追放
remove-message = メッセージを削除
remove-all = この 1 時間のメッセージを削除
report = 報告…

## The form of a sanction.

sanction = 処分
whom = 誰に
what = 何を
how-long = 期間
ten-minutes = 10 分
one-hour = 1 時間
one-day = 1 日
seven-days = 7 日
open-end = 無期限
reason = 理由
reason-hint = 本人が読み、モデレーションログに残ります。
note = ほかのモデレーターへのメモ
effect-warning = { $name } に伝えられ、本人の確認が必要です。ほかは変わりません。
effect-mute = { $name } は、チャット、コメント、メンション、このキャンバスの人へのメッセージができなくなります。
effect-no-paint = { $name } はどのタイルも変更できなくなります。すでに描いたものは残ります。
effect-timeout = { $name } は見ることしかできなくなります。チャット、描画、いいねはできません。
effect-ban = { $name } は切断され、入れなくなります。描いたものと発言は残ります。
effect-until = { $time } に自動的に終わります。
effect-open = 誰かが解除するまで続きます。
effect-name = 本人は異議を申し立てることができ、あなたの名前は見えません。

## The sanctioned person's view.

got-warning = 警告を受けました
got-mute = ここではチャットできません
got-no-paint = ここでは描けません
got-timeout = ここでは見ることしかできません
got-ban = このキャンバスから追放されました
got-ban-server = このサーバーから追放されました
until = { $time } まで
no-end = 期限は決められていません
still-warning = これまでどおり使えます。読んだことを確認してください。
still-mute = 描くこと、いいね、見ることはできます。
still-no-paint = チャット、いいね、見ることはできます。
still-timeout = すべて見ることはできます。
still-ban = サインインせずにボードを見ることはできます。
confirm-warning = 読みました
appeal = 異議を申し立てる
see-appeal = 異議を見る
my-sanctions = あなたへの処分
no-sanctions = 処分はありません。
lifted-on = { $time } に解除
ended-on = { $time } に終了
appeal-text = なぜ解除または短縮すべきですか?
appeal-hint = ほかに人がいれば、決めた人とは別の人が読みます。
send-appeal = 異議を送る
appeal-waiting = 異議は回答待ちです。
appeal-reply = 書き足す
moderator = モデレーター
state-waiting = 回答待ち
state-kept = 維持
state-shortened = 短縮
state-lifted = 解除
chat-muted = 今ここではチャットできません
chat-slow = { NUMBER($n) } 秒後にまた書けます
locked-down = { $time } まで、ここを変更できるのはモデレーターとメンバーだけです。
newcomer = ここに来たばかりのため、{ $time } まで制限があります。ほかの人のタイルには 1 分に 300 ピクセルまで、メッセージは 1 分に 6 件までです。
may-not-sanctioned-open = ここでは描けません。
no-guests = ゲストはここに入れません
no-guests-text = 参加するには登録またはサインインしてください。ボードは見られます。
must-register = 先に登録してください
must-register-text = この端末またはネットワークのゲストは、今のところ参加できません。アカウントがあれば参加できます。
shelved = 送信されませんでした。このブラウザーに下書きとして残っています。
sanction-over = あなたへの処分が終わりました。すべて元どおりです。
send-draft = 今すぐ送る
export-draft = 書き出す
discard-draft = 破棄
message-removed = このメッセージは削除されました。
refused-sanctioned = 処分のため、これはできません。
refused-newcomer = ここに来たばかりのため、ほかの人のタイルではゆっくり描いてください。
refused-slow-mode = 低速モードです。次のメッセージまで待ってください。
refused-locked-down = このキャンバスは一時的に閉鎖されています。
refused-no-message = そのメッセージはもうありません。
refused-no-comment = そのコメントはもうありません。
problem-claimed = このケースはほかの人が担当しています。
problem-over = これはすでに決定済みか終了しています。

## Reports.

report-title = 報告
report-what = 何が問題ですか?
rule-harassment = 嫌がらせ
rule-hate = ヘイト
rule-sexual = 性的な内容
rule-illegal = 違法なもの
rule-griefing = 他人の作品の破壊
rule-spam = スパム
rule-other = その他
report-comment = モデレーターに伝えることはありますか?
report-follows = あとで変わっても、モデレーターは今の状態を見ます。あなたが報告したことは誰にも知らされず、自動では何も起きません。
send-report = 報告を送る
reported = 報告しました。モデレーターが確認します。
withdraw = 取り下げる
withdrawn = 報告を取り下げました。
target-tile = タイル { $place }
target-area = タイル { $from } から { $to }
target-message = メッセージ
message-of = { $name } のメッセージ
target-comment = コメント
target-direct-message = ダイレクトメッセージ
target-canvas = キャンバス全体
case-came = 報告がありました。

## The panel.

moderation = モデレーション
moderation-log = モデレーションログ
cases = ケース
sanctions = 処分
appeals = 異議
log = ログ
lockdown = 閉鎖
off = オフ
lockdown-hint = モデレーターと役割のある人だけが変更できます。
slow-mode = 低速モード
slow-mode-hint = モデレーター以外は、メッセージの間隔を空ける必要があります。
lasts = 期間
pause = 間隔
ends-at = { $time } に終了
seconds = { NUMBER($n) } 秒
minutes = { NUMBER($n) } 分
hours = { NUMBER($n) } 時間
no-cases = 未決のケースはありません。平穏です。
no-active-sanctions = 有効な処分はありません。
no-appeals = 待っている異議はありません。
no-log = まだ対応の必要はありませんでした。
case-keys = J と K で移動、1〜5 で決定。
frozen = 報告された時の状態
others-did = { $by } が { $of } の { $pixels }を変更しました(最後は { $time })。
nobody-changed = その前の 24 時間に、他人のピクセルを変えた人はいません。
painted-by = 描いた人
said-around = 前後の発言
their-messages = この人の最近のメッセージ
their-tiles = この人の最近のタイル
evidence-gone = 証拠は決定から 90 日後に削除されました。
comments = 報告者のコメント
take-case = このケースを担当する
taken-by = { $name } が { $time } まで担当
go-there = そこへ移動
decide = 決定
decision-note = 決定についてのメモ
outcome-no-violation = 違反なし
outcome-warned = 警告
outcome-removed = 削除
outcome-sanctioned = 処分
outcome-report-abuse = 不当な報告
show-decided = 決定済みのケース
show-over = 終了したものも表示
higher-rank-needed = ここで { $name } に対処できるのは、より上位の人だけです。
problem-rank = できません。この人はあなたと同じか、より上位です。
problem-rank-or-concerned = できません。この人はあなたと同じかより上位であるか、あなたがこれを報告したか、報告されています。
problem-concerned = あなたはこれを報告したか、報告されています。別の人が決めます。
problem-decider = 別の人が決めます。処分した本人ではなく、対象の人より上位の人だけです。
issued-by-you = この処分はあなたが行いました。別の人が決めます。
lift-needs-rank = 解除には、より上位の人が必要です。
server-moderation = サーバーのモデレーション
sanction-on-server = サーバー全体での処分
admins-only = ここで対応できるのは、このサーバーの管理者だけです。
lift = 解除
by = { $name } による
keep = 維持
shorten = 短縮
answer = 回答
shorten-to = 終了まで
send-reply = 質問または返信
somebody = 誰か

## With a number.

drafts = { NUMBER($n) } 件の変更が送信されませんでした。下書きとして残っています。
reporters = { NUMBER($n) } 人
pixels = { NUMBER($n) } ピクセル
removed = メッセージ { NUMBER($n) } 件を削除しました。
open-cases = 未決のケース { NUMBER($n) } 件

## Acts in the moderation log.

did-sanction = 処分
did-lift = 処分の解除
did-remove-message = メッセージの削除
did-purge = メッセージの一括削除
did-rewrite = 描画の取り消しまたは復元
did-undo-rewrite = その取り消し
did-delete-tile = タイルの削除
did-set-role = 役割の付与
did-remove-member = 役割の解除
did-change-settings = 設定の変更
did-decide-case = ケースの決定
did-decide-appeal = 異議の決定
did-kick = 切断
