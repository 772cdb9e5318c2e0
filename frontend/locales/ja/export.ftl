### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = 当時のタイル { $place }

name-tile-then = 当時のタイルを指す

## The bar with the past of a tile, in its panel.

past = このタイルの過去
step = 変更
changes = これまでに { NUMBER($n) } 件の変更
change-of = 変更 { NUMBER($n) } / { $all }
before-first = 最初の変更の前
past-away = 今はこのタイルの過去を取得できません。
step-created = タイルを描き始めた
step-painted = 描いた
step-titled = タイトルを変えた
step-undone = 線を取り消した
step-deleted = タイルを削除した
step-rewritten = 取り消しまたは復元
step-text = { $step }: { $name }、{ $what }、{ $time }
play = 再生
pause = 一時停止
board-then = 当時のボードを見る
mention-then = 当時のタイルをチャットに書く
restore-to-this = この状態に復元

## A GIF of a tile.

share-gif = GIF で共有
gif-of = タイル { $place } の GIF
gif-shows = タイル { $place } が描かれた様子
gif-making = GIF を作成中…
gif-away = 今は GIF を取得できません。
share-file = 共有…
copy-link = リンクをコピー
link-copied = この GIF へのリンクをコピーしました。
link-private = このキャンバスのメンバーだけがリンクを開けます。

## How long a film is, and how large.

length = 長さ
seconds = { NUMBER($n) } 秒
scale = ピクセルの大きさ

## Export.

export = 書き出す…
export-title = 書き出し
kind = 種類
kind-gif = GIF
kind-apng = APNG
kind-png = PNG
kind-log = ログ
kind-gif-hint = どこでも再生できる動画です。
kind-apng-hint = PNG の動画で、GIF より小さく、ブラウザーで再生できます。
kind-png-hint = 1 枚の画像です。
kind-log-hint = ここで起きたすべてを 1 行に 1 件ずつ。全履歴の控えです。
of-what = 対象
whole-board = ボード
an-area = 範囲
this-tile = タイル { $place }
time = 開始
time-beginning = 最初
time-day = 1 日前
time-week = 1 週間前
until-then = 表示している時点で終わります。
by-whom = 描いた人
everybody = 全員
myself = 自分
somebody-else = ほかの人…
user-name = ユーザー名
preview = プレビュー
preview-last = 動画はこの絵で終わります。
no-preview = 今はプレビューがありません。
too-large = 大きすぎます。もっと小さい範囲を選んでください。
sign-in-to-export = 16 タイルより多い範囲やログの書き出しにはサインインしてください。
start = ファイルを作る
is-running = すでにあなたのファイルを作成中です。終わるまで待つか、中止してください。
nobody-of-that-name = このユーザー名の人はいません。

## A file that is being made.

file = 過去のファイル
file-of = { $canvas } の { $kind }
waiting = 開始を待っています
making = { $percent } 完了
done = 完成、{ $size }
failed = このファイルを作れませんでした。もう一度試してください。
gone = このファイルはもうありません。
stop = 中止
dismiss = 隠す
size-kb = { NUMBER($n) } KB
size-mb = { $n } MB

## Ghost.

ghost = 昨日のタイル
ghost-on = 昨日ここにあったものを薄く表示しています。
ghost-empty = 昨日はここに何もありませんでした。
ghost-away = 今は昨日の様子を取得できません。
