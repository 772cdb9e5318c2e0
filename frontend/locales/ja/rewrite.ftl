### Who painted what, and taking it back.

## Who painted this.

who-painted = 誰が描いたか
who-painted-hint = ピクセルを指すかタップすると、誰のものかわかります。
who-painted-away = 今は誰が描いたかを取得できません。
painters = このタイルを描いた人
nobody = なし
others = その他
pixel-by = ピクセル { $place }: { $name }

## Take back what they painted.

take-back = この人が描いたものを取り消す…
take-back-own = 自分が描いたものを取り消す…
take-back-from = { $name } が描いたものを取り消す
take-back-mine = 自分が描いたものを取り消す
people-label = 描いた人
person-label = ほかの人のユーザー名
add-person = 追加
leave-out = { $name } を外す
window = いつ
window-minutes = 直近 10 分
window-hour = 直近 1 時間
window-day = 直近 1 日
window-week = 直近 7 日
window-ever = 全期間
area = どこ
area-all = 全体
area-drawn = 範囲内
area-hint = ボード上をドラッグして範囲を決めるか、角を入力してください。
area-left = 最初の列
area-top = 最初の行
area-right = 最後の列
area-bottom = 最後の行
reason = 理由
reason-hint = ここにいる全員がログで読めます。
counting = 数えています…
found = { $tiles }、{ $pixels }
found-and-left = { $found }。{ $left }
found-nothing = 取り消すものはありません。
as-it-was = すでにその時の状態です。
take-back-action = 取り消す
stop = 止める
undo = 元に戻す
running = 作業中: { $tiles }、{ $pixels }。
taken-back = 取り消しました: { $tiles }、{ $pixels }。
restored = 復元しました: { $tiles }、{ $pixels }。
brought-back = 元に戻しました: { $tiles }、{ $pixels }。
stopped = 止めました。済んだ分は残ります: { $tiles }、{ $pixels }。
no-change = 変更するものはありませんでした。

## Restore.

restore = 復元…
restore-tile = タイル { $place } を復元
restore-area = 範囲を復元
restore-when = いつの状態に
restore-minutes = 10 分前
restore-hour = 1 時間前
restore-day = 1 日前
restore-week = 7 日前
restore-event = { $time } の変更の前
restore-before = この前の状態に復元
restore-action = 復元

## Problems.

too-large = 4,096 枚を超えています。範囲か期間を小さくしてください。
is-running = ここではすでに誰かが取り消しを行っています。終わるまで待ってください。
not-allowed = できません。取り消せるのはより下位の人が描いたものだけ、復元できるのはあなたが描き始めたタイルだけです。
already-undone = これはすでに元に戻されています。
pixels = { NUMBER($n) } ピクセル
left-alone = { NUMBER($n) } ピクセルはその後ほかの人が塗ったため、そのまま残ります
painted-by = { NUMBER($n) } 人がこのタイルを描きました
