### The past of a canvas: the time bar, the moment that is looked at.

clock = 歴史
clock-close = 歴史を閉じる
bar = キャンバスの歴史
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
restore-tile = このタイルを元に戻す…
restore-area = この範囲を元に戻す…
restore-title = 当時の状態に戻す
restore-to = 当時の状態: { $moment }

## Problems.

away = 今は歴史を取得できません。
busy = 今はサーバーが混み合っています。
no-such-moment = この時点はこのキャンバスの歴史にありません。
too-far = これほど広い過去を見るには拡大してください。
retry = もう一度試す

## Shortcuts.

keys = 歴史
key-open = 歴史を開く、閉じる
key-play = 逆再生、一時停止、再生。もう一度で速く
key-step = 前または次の変更
key-person = ほかの人による前または次の変更
key-ends = 最初、そして今
changes = { NUMBER($n) } 件の変更
people = { NUMBER($n) } 人
meanwhile = その後 { NUMBER($n) } 件の変更
