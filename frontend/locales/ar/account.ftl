### The account, hidden people and invites.

## A guest becomes registered.

keep = احتفظ بكل شيء…
keep-title = احتفظ بما هو لك
keep-text = أنت هنا كضيف: لا يستطيع أحد الدخول باسمك مرة أخرى، ولا حتى أنت. باسم وكلمة مرور تبقى رسومك وأدوارك ولوحاتك لك على كل جهاز.
keep-action = احتفظ بكل شيء
keep-later = ليس الآن
kept = صرت الآن {"\u2066"}@{ $name }{"\u2069"}. وكل شيء يبقى لك.
keep-offer = هل أعجبك ما رسمت؟ اختر اسمًا وكلمة مرور لتحتفظ به.
already-registered = لديك اسم وكلمة مرور من قبل.

## The account.

account = الحساب
change-password = تغيير كلمة المرور
old-password = كلمة المرور الحالية
new-password = كلمة المرور الجديدة
password-changed = تغيّرت كلمة المرور. انتهت جلساتك الأخرى.
sessions = أين سجّلت الدخول
session-here = هذا المتصفح
session-elsewhere = متصفح آخر
session-times = دخول { $began }، آخر ظهور { $seen }
end-session = تسجيل الخروج هناك
end-others = تسجيل الخروج من كل مكان آخر
sessions-away = تعذّر الحصول على القائمة الآن.
delete-account = حذف حسابي
delete-account-text = يُمحى اسمك وكلمة مرورك، ولا يستطيع أحد الدخول باسمك مرة أخرى. ما رسمته وقلته يبقى منسوبًا إلى حساب محذوف. لا يمكن التراجع عن هذا.
delete-canvases = احذف لوحاتي أيضًا بكل ما فيها
delete-guest-label = لحذفه اكتب اسمك: { $name }

## Hidden people.

hide-person = إخفاء هذا الشخص عنّي
show-person = إظهار هذا الشخص من جديد
hidden = أُخفي { $name } عنك هنا، ولن يُبلَّغ بذلك.
shown-again = سيظهر لك { $name } من جديد.
hidden-people = المخفيون
hidden-people-text = لا ترى رسائلهم ومؤشراتهم وإشاراتهم إليك. ولن يُبلَّغوا بذلك.
hidden-nobody = لم تُخفِ أحدًا.
show-again = إظهار { $name } من جديد
show-again-short = إظهار من جديد

## Invites.

invites = الدعوات
invites-text = من يفتح الرابط يحصل على هذا الدور هنا.
invite-role = الدور
invite-uses = كم مرة
invite-uses-any = بلا حد
invite-uses-once = مرة واحدة
invite-uses-ten = 10 مرات
invite-uses-hundred = 100 مرة
invite-time = كم من الوقت
invite-day = يوم واحد
invite-week = 7 أيام
invite-month = 30 يومًا
invite-note = ملاحظة
invite-note-example = لمن هي؟
invite-make = إنشاء دعوة
invite-copy = نسخ الرابط
invite-copied = نُسخت الدعوة.
invite-revoke = سحب
invite-revoke-one = سحب الدعوة: { $role }
invite-until = حتى { $time }
invite-used = استُخدمت { NUMBER($n) } من { NUMBER($max) }
no-invites = لا دعوات مفتوحة.
invite-link = عنوان الدعوة

## The page of an invite.

invited-title = أنت مدعو
invited-text = يدعوك أحدهم إلى الرسم معًا. ادخل أولًا كما تشاء، ثم تُفتح اللوحة.
invited-as = تقبلها باسم { $name }.
accept = قبول الدعوة
invite-over-title = انتهت هذه الدعوة
invite-over-text = استُنفدت أو سُحبت أو انقضى وقتها. اطلب دعوة جديدة ممن أعطاك إياها.

## Guests and newcomers of a canvas.

guests = ما يفعله الضيوف
guests-paint = الرسم
guests-paint-hint = للضيوف ما للجميع
guests-chat = الدردشة
guests-chat-hint = يشاهد الضيوف ويدردشون ويُعجبون، لكن لا يرسمون
guests-look = المشاهدة
guests-look-hint = يشاهد الضيوف فقط
guests-none = البقاء خارجًا
guests-none-hint = لا يدخل إلا من لديه اسم وكلمة مرور
newcomers = القادمون الجدد
newcomers-free = بلا قيود
newcomers-free-hint = لهم فورًا ما للجميع
newcomers-limited = مقيّدون في البداية
newcomers-limited-hint = لمدة 15 دقيقة يرسمون قليلًا في مربّعات غيرهم ويدردشون ببطء
uses =
    { $n ->
        [zero] لم تُستخدم
        [one] استُخدمت مرة واحدة
        [two] استُخدمت مرتين
        [few] استُخدمت { $n } مرات
        [many] استُخدمت { $n } مرة
       *[other] استُخدمت { $n } مرة
    }
