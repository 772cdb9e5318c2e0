### Comments on tiles.

comments = コメント
nothing = 未解決のコメントはありません。このタイルの感想を書きましょう。
nothing-here = 未解決のコメントはありません。ここに何を描けるか書きましょう。
away = 今はコメントを取得できません。
try-again = もう一度試す
gone = このコメントはもうありません。

## Writing.

new-comment = 新しいコメント
example = このタイルにコメント
send = コメントする
answer = 返信
answer-to = { $name } への返信
edit = コメントを編集
save = 保存
cancel = キャンセル
sign-in = コメントするにはサインインしてください。
over = ここにはもう書き込めません。
characters-left = 残り { NUMBER($n) } 文字
characters-over = { NUMBER($n) } 文字超過

## One comment.

edited = 編集済み
removed = このコメントは削除されました。
hidden = 非表示にしている人のコメントです。
waits = 接続を待っています。
not-sent = 送信できませんでした: { $why }
retry = 再送信
discard = 破棄
resolve = 解決
reopen = 再開
was-resolved = 解決済み
resolved = 解決済み { NUMBER($n) } 件
acts-on = { $name } のコメントについて
comment-of = { $name } のコメント
remove = コメントを削除
copy-link = コメントへのリンクをコピー
link-copied = このコメントへのリンクをコピーしました。

## The picture that it speaks of, beside the one that is there now.

then-and-now = 当時と今
then = 当時
now = 今
nothing-there = 空
unchanged = 絵はその後変わっていません。
changed = その後 { NUMBER($n) } ピクセル変わりました。
then-away = 今は当時の様子を取得できません。

## The list of what happens on the canvas.

did-comment = タイル { $place } にコメントしました
was-commented = タイル { $place } にコメントが付きました

did-comment-on-it = コメントしました

## On the board.

shortcut = タイルにコメント

many = { NUMBER($n) }+
open = 未解決のコメント { NUMBER($n) } 件
cell-with-comments = { $cell }、{ $comments }
