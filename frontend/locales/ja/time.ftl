### The past of a canvas: the time bar, the moment that is looked at.

clock = 履歴
clock-close = 履歴を閉じる
bar = キャンバスの履歴
handle = 時点
now = 今
before-all = 最初の変更の前
moment-by = { $moment }、{ $name }、{ $place }
change-by = { $name }、{ $place }
step-back = 前の変更
step-forward = 次の変更
play = 再生
play-back = 逆再生
pause = 一時停止
speed = 速さ
times = { NUMBER($n) }×
by-time = 時間で配分
by-changes = 変更で配分
close = タイムバーを閉じる
empty = ここにはまだ何も描かれていません。
changes-and-people = { $changes }、{ $people }
past = 過去
back-to-now = 今に戻る
loading = この時点を読み込み中
may-not-draw = これは過去です。描くには今に戻ってください。
restore-tile = このタイルを復元…
restore-area = この範囲を復元…
restore-title = 当時の状態に復元
restore-to = 当時の状態: { $moment }

## Problems.

away = 今は履歴を取得できません。
busy = 今はサーバーが混み合っています。
no-such-moment = この時点はこのキャンバスの履歴にありません。
too-far = この広さの過去を表示するには拡大してください。
retry = もう一度試す

## Shortcuts.

keys = 履歴
key-open = 履歴を開く・閉じる
key-play = 逆再生、一時停止、再生。もう一度で速く
key-step = 前または次の変更
key-person = ほかの人による前または次の変更
key-ends = 最初と今
changes = { NUMBER($n) } 件の変更
people = { NUMBER($n) } 人
meanwhile = その後 { NUMBER($n) } 件の変更
