### Notifications and private messages.

inbox = الوارد
notifications = الإشعارات
messages = الرسائل
private-messages = الرسائل الخاصة
open-page = فتح كصفحة
mark-all-read = تعليم الكل كمقروء
mark-read = تعليم كمقروء
settings = إعدادات الإشعارات
nothing-title = لا جديد
nothing-text = تظهر هنا الإعجابات والتعليقات والردود والإشارات إليك.
unread-mark = غير مقروء
earlier = سابقًا
not-loaded = تعذّر تحميل هذا.
away = غير متصل. يصل الجديد فور التمكن من الوصول إلى الخادم.
sign-in-first = سجّل الدخول لرؤية الجديد.

## What notifications tell.

somebody = أحدهم
liked-one = نال مربّعك { $place } إعجاب { $name }
liked-many =
    { $n ->
        [zero] نال مربّعك { $place } إعجاب { $name }
        [one] نال مربّعك { $place } إعجاب { $name } وشخص آخر
        [two] نال مربّعك { $place } إعجاب { $name } وشخصين آخرين
        [few] نال مربّعك { $place } إعجاب { $name } و{ $n } آخرين
        [many] نال مربّعك { $place } إعجاب { $name } و{ $n } آخرين
       *[other] نال مربّعك { $place } إعجاب { $name } و{ $n } آخرين
    }
painted-one = رسم { $name } في مربّعك { $place }
painted-many =
    { $n ->
        [zero] لم يُرسم في مربّعك { $place }، آخرهم { $name }
        [one] رُسم مرة واحدة في مربّعك { $place }، آخرهم { $name }
        [two] رُسم مرتين في مربّعك { $place }، آخرهم { $name }
        [few] رُسم { $n } مرات في مربّعك { $place }، آخرهم { $name }
        [many] رُسم { $n } مرة في مربّعك { $place }، آخرهم { $name }
       *[other] رُسم { $n } مرة في مربّعك { $place }، آخرهم { $name }
    }
commented = علّق { $name } على المربّع { $place }
commented-somewhere = كتب { $name } تعليقًا
replied = رد { $name } عليك
mentioned = ذكرك { $name }
wrote = راسلك { $name }
wrote-many =
    { $n ->
        [zero] راسلك { $name }
        [one] أرسل إليك { $name } رسالة واحدة
        [two] أرسل إليك { $name } رسالتين
        [few] أرسل إليك { $name } { $n } رسائل
        [many] أرسل إليك { $name } { $n } رسالة
       *[other] أرسل إليك { $name } { $n } رسالة
    }
role-set = أعطاك { $name } دورًا آخر: { $role }
role-set-by-nobody = صار لك دور آخر: { $role }
sanctioned = اتخذ الإشراف إجراءً بشأن حسابك أو ما تفعله
case-decided = صدر قرار فيما أبلغت عنه
appeal-decided = صدر قرار في اعتراضك
invite-used = قبل { $name } دعوتك
export-ready = التصدير جاهز
something = حدث شيء
unread-notifications =
    { $n ->
        [zero] لا إشعارات غير مقروءة
        [one] إشعار واحد غير مقروء
        [two] إشعاران غير مقروءين
        [few] { $n } إشعارات غير مقروءة
        [many] { $n } إشعارًا غير مقروء
       *[other] { $n } إشعار غير مقروء
    }

## Settings.

tell-me = أعلمني عندما
on-like = يُعجَب أحد بمربّعي
on-paint = يرسم أحد في مربّعي
on-comment = يعلّق أحد على مربّعي أو في نقاشي
on-reply = يرد عليّ أحد
on-mention = يذكرني أحد
on-message = يراسلني أحد على الخاص
always-told = ستُبلَّغ دائمًا بالأدوار والقرارات والإجراءات.
who-may-write = من يمكنه مراسلتي
everybody = الجميع
shared-canvas = من يشاركونني لوحاتي
nobody = لا أحد
desktop = على هذا الجهاز
desktop-text = يعرض الإشعارات بينما هذه الصفحة في الخلفية.
desktop-on = عرض الإشعارات
desktop-off = إيقاف عرض الإشعارات
desktop-denied = يمنع المتصفح إشعارات هذا الموقع. يمكنك السماح بها من إعداداته.
desktop-unsupported = لا إشعارات في هذا المتصفح.

## Private messages.

message-example = رسالة…
no-conversations-title = لا رسائل بعد
no-conversations-text = اختر شخصًا في لوحة واكتب إليه.
requests = الطلبات
conversations = المحادثات
removed = حُذفت هذه الرسالة.
you-wrote = أنت: { $text }
begin = هنا تبدأ رسائلك مع { $name }.
asks = يريد { $name } مراسلتك. الرد يعني القبول.
accept = قبول
decline = رفض
block = حظر
unblock = إلغاء الحظر
blocked-text = أنت تحظر { $name }. لا يستطيع أيٌّ منكما الكتابة هنا.
waiting-text = على { $name } قبول طلبك قبل أن تكتب المزيد.
unasked-text = لا تجمعك لوحة مع { $name }: رسالتك الأولى طلب.
delete-conversation = حذف المحادثة
delete-title = حذف هذه المحادثة؟
delete-text = تختفي عندك وحدك، وتعود عند كتابة شيء جديد.
decline-title = رفض هذا الطلب؟
decline-text = تختفي المحادثة عندك، ولا يُبلَّغ أحد. ولكي لا يصلك المزيد، احظر الشخص.
block-title = حظر هذا الشخص؟
block-text = لن يستطيع أيٌّ منكما مراسلة الآخر هنا، ويُخفى عنك ما يفعله. ولن يُبلَّغ بذلك.
write-a-message = كتابة رسالة
message-field = رسالة إلى { $name }
choose-conversation = اختر محادثة
missing-title = لا توجد محادثة كهذه
missing-text = ربما كانت لحساب آخر.
all-conversations = كل المحادثات
remove-message = حذف الرسالة
report-message = الإبلاغ عن الرسالة…
is-typing = { $name } يكتب
history = الرسائل مع { $name }
too-many-wait = رسائل كثيرة جدًا تنتظر.
refused-not-wanted = لا يقبل هذا الشخص رسائل منك الآن.
refused-no-conversation = لم تعد هذه المحادثة موجودة.
unread-messages =
    { $n ->
        [zero] لا رسائل غير مقروءة
        [one] رسالة واحدة غير مقروءة
        [two] رسالتان غير مقروءتين
        [few] { $n } رسائل غير مقروءة
        [many] { $n } رسالة غير مقروءة
       *[other] { $n } رسالة غير مقروءة
    }
