### The list of keyboard shortcuts.

## Headings.

drawing = 描画
pointer = 描画中のポインター操作
board = ボード
keyboard = タイル内のキーボード操作
chat = チャット
everywhere = どこでも

## Keys, as they are named on keyboards in this language.

ctrl = Ctrl
alt = Alt
shift = Shift
escape = Esc
enter = Enter
space = スペース
right-click = 右クリック
drag = ドラッグ
click = クリック

## What they do.

choose-color = 色を選ぶ
swap = 2 つの色を入れ替える
undo = 元に戻す
redo = やり直す
leave = タイルを閉じる
straight = 直線、正方形、正円
pick = 色を取る
second-color = 2 番目の色で描く
move-board = ボードを動かす
move-or-go = 動かす、またはタイルを移動する
go = 動かす
zoom = 拡大・縮小
whole = ボード全体か開いているタイルを表示
open-tile = タイルを開く
name-tile-in-chat = チャットにタイルを書く
move-pen = ペンを動かす
paint = 塗る
send = 送信
new-line = 改行
edit-newest = 自分の最新のメッセージを編集
reply = フォーカスのあるメッセージに返信
name-person = 人をメンション
name-tile = タイルを指す
show-keys = このキー一覧を表示
close = 閉じる
