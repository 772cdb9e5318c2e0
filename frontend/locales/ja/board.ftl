### The board and the drawing tools.

board = ボード
board-help = 矢印キーでタイルを移動し、Enter で開いて描き、Escape で閉じます。描いている間は、矢印キーでペンを動かし、スペースで塗ります。
begin = ここにはまだ何も描かれていません。マスを選んで始めましょう。
tools = 描画ツール
palette = パレット
primary = 左ボタンの色: { $name }
secondary = 右ボタンの色: { $name }
swap = 色を入れ替える
mirror = 対称
undo = 元に戻す
redo = やり直す
leave = 完了
minimap = ボードの全体図
fly-to = { $name } が指しているタイル { $place } へ
tile-and-pixel = { $tile } · ピクセル { $pixel }
drawing-here = ここに描いている人: { $names }
copy-link = リンクをコピー
link-copied = このタイルへのリンクをコピーしました。
history = 履歴
history-none = まだ見つかりません。
history-older = さらにさかのぼる
history-away = 今は履歴を取得できません。
name-and-likes = { $name }  ♥ { NUMBER($n) }
name-says = { $name }: { $message }
a-guest = ゲスト
empty-cell = タイル { $place }、空
tile = タイル { $place }、作者 { $name }、{ $likes }
drawing = { $tile } に描いています
pixel = ピクセル { $place }、{ $color }
blank = 塗られていない

## Pictures that are brought in.

import = 画像を取り込む
import-size = サイズ
import-dither = 色を混ぜてなめらかにする
import-paint = 描く
import-no-picture = 読み込める画像ではありません。
import-too-large = 画像が大きすぎます。上限は 32 MB、64 メガピクセルです。
import-unreadable = このブラウザーは追跡防止のため、ページに画像を読ませません。このページで許可してから、もう一度試してください。
import-nowhere = 先にタイルを選んでから、画像を貼り付けてください。
import-one-tile = このタイル、{ $width } × { $height } ピクセル
import-tiles = { $columns } × { $rows } タイル、{ $width } × { $height } ピクセル
import-left-out = 描けないタイルはそのまま残ります: { NUMBER($n) }

## The history of a tile: what somebody did.

did-create = 描き始めました
did-paint = 描きました
did-title = 名前を付けました
did-like = いいねしました
did-unlike = いいねを取り消しました
did-delete = 削除しました
did-settings = キャンバスを変更しました

## Why one may not draw in a tile.

may-not-over = ここにはもう描けません。
may-not-signed-out = 描くにはサインインしてください。
may-not-viewer = ここでは見る、チャット、いいねができますが、描くことはできません。
may-not-theirs = このタイルに描けるのは { $name } だけです。
may-not-locked = { $name } が描いている間はロックされています。

## Tools.

pencil = 鉛筆
eraser = 消しゴム
fill = 塗りつぶし
line = 直線
rectangle = 四角形
circle = 円
picker = スポイト

## Colours.

black = 黒
dark-grey = 濃い灰色
grey = 灰色
light-grey = 薄い灰色
white = 白
red = 赤
dark-red = 濃い赤
light-red = 薄い赤
brown = 茶色
dark-brown = 濃い茶色
light-brown = 薄い茶色
orange = オレンジ
dark-orange = 濃いオレンジ
light-orange = 薄いオレンジ
yellow = 黄色
dark-yellow = 濃い黄色
light-yellow = 薄い黄色
green = 緑
dark-green = 濃い緑
light-green = 薄い緑
turquoise = 青緑
dark-turquoise = 濃い青緑
light-turquoise = 薄い青緑
blue = 青
dark-blue = 濃い青
light-blue = 薄い青
violet = 紫
dark-violet = 濃い紫
light-violet = 薄い紫
pink = ピンク
dark-pink = 濃いピンク
light-pink = 薄いピンク
numbered = { $name } { NUMBER($n) }

only-own = ほかの人が描いたものは、サーバーが応答すると表示されます。
