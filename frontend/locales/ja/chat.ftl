### The chat: answers, edits, links and drafts.

reply = 返信
reply-to-message = { $name } のメッセージに返信
edit = 編集
edited = 編集済み
edited-at = { $time } に編集

replying-to = { $name } への返信
replying = メッセージへの返信
editing = メッセージを編集
cancel-reply = 返信をやめる
cancel-edit = 元のままにする
save = 保存
new-line = 改行

in-reply-to = { $name } への返信:
in-reply = メッセージへの返信
go-to-message = このメッセージへ移動
removed-quote = 削除されたメッセージ
hidden-quote = 非表示にしている人のメッセージ
message-not-loaded = そのメッセージは古すぎて表示できません。

not-saved = 保存できませんでした: { $why }
edit-too-late = メッセージを編集できるのは 15 分以内です。
