### The chat: answers, edits, links and drafts.

reply = رد
reply-to-message = الرد على رسالة { $name }
edit = تعديل
edited = معدَّلة
edited-at = عُدّلت: { $time }

replying-to = رد على { $name }
replying = رد على رسالة
editing = تعديل رسالتك
cancel-reply = عدم الرد عليها
cancel-edit = تركها كما كانت
save = حفظ
new-line = سطر جديد

in-reply-to = ردًا على { $name }:
in-reply = ردًا على رسالة
go-to-message = الانتقال إلى هذه الرسالة
removed-quote = رسالة محذوفة
hidden-quote = رسالة من شخص أخفيته
message-not-loaded = هذه الرسالة قديمة جدًا فلا يمكن عرضها.

not-saved = لم تُحفظ: { $why }
edit-too-late = يمكن تعديل الرسالة خلال 15 دقيقة فقط.
