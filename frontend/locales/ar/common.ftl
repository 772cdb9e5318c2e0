### Everything but the areas with files of their own.

## The application.

name = Stellar Canvas
sentence = سماء من رسوم البكسل الصغيرة، يلوّنها الجميع معًا مباشرةً.
close = إغلاق
cancel = إلغاء
save = حفظ
or = أو
you = أنت
somebody = أحدهم
try-again = حاوِل مجددًا
show-more = عرض المزيد
dismiss = تجاهل
notices = إشعارات

## Sign-in forms.

come-in = ادخل وارسم
join-title = شارِك
your-name = اسمك
your-name-example = كما يراك الآخرون
draw-as-guest = ارسم كضيف
sign-in = تسجيل الدخول
register = إنشاء حساب
sign-out = تسجيل الخروج
username = اسم المستخدم
username-hint = من 3 إلى 32 من الحروف اللاتينية والأرقام و_ و-
password = كلمة المرور
password-hint = 8 أحرف على الأقل
is-guest = ضيف
welcome = سعداء برؤيتك. أين تودّ الرسم اليوم؟
pick-canvas = اختر لوحة

## Canvases.

search = البحث في اللوحات
clear-search = عرض كل اللوحات
nothing-found-title = لا نتائج
nothing-found-text = لا توجد لوحة تحمل هذا في اسمها أو وصفها.
public-canvases = اللوحات العامة
my-canvases = لوحاتك
all-canvases = كل اللوحات
new-canvas = لوحة جديدة
create-canvas = إنشاء اللوحة
canvas-name = الاسم
canvas-name-example = سماء الليل
canvas-description = عمَّ تتحدث؟
canvas-width = الأعمدة
canvas-height = الصفوف
canvas-tile-size = عدد البكسلات في المربّع
canvas-visibility = من يجدها
canvas-edit-policy = من يرسم وأين
visibility-public = الجميع
visibility-public-hint = تظهر في صفحة البداية
visibility-unlisted = من لديه الرابط
visibility-unlisted-hint = مفتوحة للجميع لكنها لا تظهر في القائمة
visibility-private = الأعضاء فقط
visibility-private-hint = أنت تحدّد من يدخل
policy-open = معًا
policy-open-hint = الجميع يرسمون في كل مربّع
policy-exclusive = واحدًا تلو الآخر
policy-exclusive-hint = المربّع لك ما دمت ترسم فيه
policy-own = لكلٍّ مربّعه
policy-own-hint = المربّع لمن بدأه
grid-size = { $width } × { $height }
preview-pixels = { $width } × { $height } بكسل
side-problem = عدد من { NUMBER($least) } إلى { NUMBER($most) }
no-canvases-title = لا لوحات بعد
no-canvases-text = السماء خالية. يمكن أن تكون لوحتك الأولى.
make-first-canvas = أنشئ الأولى
away-title = تعذّر الوصول إلى الخادم
away-text = تحقّق من اتصالك ثم حاوِل مجددًا.

## Pages for errors.

not-found-title = لا شيء هنا سوى النجوم
not-found-text = لا توجد صفحة في هذا العنوان. ربما فقد الرابط جزءًا منه في الطريق.
no-canvas-title = لا توجد لوحة كهذه
no-canvas-text = ربما حُذفت، أو فقد الرابط جزءًا منه في الطريق.
no-access-title = هذه اللوحة خاصة
no-access-text = لا يراها إلا أعضاؤها. اطلب ممن أعطاك الرابط أن يضيفك، أو سجّل الدخول بحساب آخر.
deleted-title = حُذفت هذه اللوحة
deleted-text = تراها كما كانت حينها، ولا يمكن إضافة أي شيء إليها.

## Dialogs.

shortcuts = اختصارات لوحة المفاتيح
profile = الملف الشخصي
status-message = ماذا تفعل الآن؟
status-message-example = أرسم القمر
canvas-title = اللوحة
canvas-settings = إعدادات اللوحة
about-canvas = عن هذه اللوحة
canvas-size = الأعمدة والصفوف
canvas-made = أُنشئت
saved = تم الحفظ.
members = الأعضاء
members-public = يمكن للجميع الرسم هنا. أضِف من يشرف أو من يكتفي بالمشاهدة.
members-private = لا يستطيع أحد غيرهم رؤية هذه اللوحة.
member-example = كما في ‎@name
add-member = إضافة
remove-member = إزالة { $name }
no-such-user = لا أحد يحمل اسم المستخدم هذا.
role = الدور
role-of = دور { $name }
role-owner = مالك
role-moderator = مشرف
role-editor = يرسم
role-viewer = يشاهد
delete-canvas = حذف هذه اللوحة
delete-canvas-text = ستختفي كل مربّعاتها ورسائلها وإعجاباتها للجميع، ولا يمكن استعادتها.
delete-canvas-label = لحذفها اكتب اسمها: { $name }
times = { NUMBER($n) }×
download = تنزيل
sign-out-title = تسجيل الخروج؟
sign-out-guest = أنت هنا كضيف، فلن يتمكن أحد من الدخول باسم { $name } مرة أخرى، ولا حتى أنت.
sign-out-guest-stays = يبقى ما رسمته وقلته. وحيث يكون المربّع لمن بدأه، لن يمكن تغيير مربّعاتك بعد الآن.
palette = الألوان
palette-default = Stellar
palette-own = ألوانك
palette-own-label = ألوانك الخاصة
palette-hint = من 2 إلى 64 لونًا مثل ‎#f6c657، كما تُنسخ من صفحة إحدى اللوحات اللونية.

## Top bar.

connection = الاتصال
live = مباشر
connecting = جارٍ الاتصال…
reconnecting = إعادة الاتصال خلال { NUMBER($n) } ث
offline = غير متصل
signed-out = تم تسجيل الخروج
try-now = حاوِل الآن
connection-lost = انقطع الاتصال. تجري المحاولة من جديد.
ended-deleted = حُذفت اللوحة
ended-access = لا صلاحية
ended-kicked = فصل مسؤول هذه الصفحة
ended-kicked-text = اللوح كما كان حينها. ما ترسمه الآن ينتظر حتى تعيد الاتصال.
ended-banned = لم يعد مسموحًا لك بالدخول هنا
ended-banned-text = اللوح كما كان عندما أُخرجت. اسأل من يدير هذا المكان.
ended-no-access = لم تعد ترى هذه اللوحة
ended-no-access-text = أصبحت خاصة أو سُحب دورك فيها. اللوح كما كان حينها. اطلب من مالكها أن يضيفك.
ended-rate-limited = تم الفصل: رسائل كثيرة جدًا
ended-rate-limited-text = أرسلت هذه الصفحة ما لم يستطع الخادم قراءته. أعد تحميل الصفحة، وسيبقى ما ينتظر.
ended-other = تم الفصل
ended-other-text = أنهى الخادم هذا الاتصال. اللوح كما كان حينها.
loading-canvas = جارٍ تحميل اللوحة…
away-loading-text = ستظهر اللوحة فور استجابة الخادم.
away-canvas-text = تابِع الرسم: ما تفعله يُحفظ في هذا المتصفح ويُرسل فور عودة الخادم.
offline-title = أنت غير متصل
offline-text = تابِع الرسم: ما تفعله يُحفظ في هذا المتصفح ويُرسل فور عودة الاتصال.
too-many-title = صفحات كثيرة مفتوحة
too-many-text = أغلق بعضها هنا أو على أجهزتك الأخرى، وستتصل هذه تلقائيًا.
blocked-title = لا يمر أي اتصال مباشر
blocked-text = الخادم يستجيب، لكن شيئًا بينكما لا يسمح بمرور WebSocket، كخادم وسيط أو إضافة في المتصفح. ما تفعله يُحفظ في هذا المتصفح حتى ينجح الاتصال.
wrong-address-title = الخادم لا يعرف هذا العنوان
wrong-address-text = لا يقبل ما يجري تحت عنوان هذه الصفحة. على من يدير الخادم أن يسمح به.
sign-out-waits = سجّلت الخروج في هذا المتصفح. سيُبلَّغ الخادم فور التمكن من الوصول إليه.
full-title = الخادم ممتلئ
full-text = سيأتي دورك فور خروج أحدهم. وحتى ذلك الحين يُحفظ ما تفعله في هذا المتصفح.
reconnect = إعادة الاتصال
state-of-canvas = حالة اللوحة
following = تتابع { $name }
stop = توقّف
session-over = سُجّل خروجك
session-over-text = انتهت جلستك. اللوح كما كان حينها.
people-here-now = الموجودون هنا الآن
follow = متابعة { $name }
stop-following = إيقاف متابعة { $name }
share = مشاركة الرابط
share-short = مشاركة
share-by-hand = انسخ هذا العنوان وأرسله إلى أصدقائك.
link = الرابط
link-copied = نُسخ الرابط. يفتح حيث تنظر تمامًا.
menu = القائمة
status = حالتك
status-online = متصل
status-away = بعيد
status-busy = مشغول
theme = المظهر
language = اللغة
theme-system = النظام
theme-light = فاتح
theme-dark = داكن
show-panel = إظهار اللوحة الجانبية
hide-panel = إخفاء اللوحة الجانبية

## Dock.

panels = الأقسام
chat = الدردشة
people = الأشخاص
activity = النشاط
tile = المربّع

## Chat.

messages = الرسائل
chat-history = سجل الدردشة
message = رسالة
message-example = رسالة، أو @ لذكر شخص
chat-is-over = لم يعد بالإمكان قول شيء هنا
sign-in-to-chat = سجّل الدخول للدردشة
send = إرسال
typing = يكتب الآن
typing-one = { $name } يكتب
typing-two = { $name } و{ $other } يكتبان
typing-many =
    { $n ->
        [one] { $name } وشخص آخر يكتبان
        [two] { $name } وشخصان آخران يكتبون
        [few] { $name } و{ $n } آخرون يكتبون
       *[other] { $name } و{ $n } آخرون يكتبون
    }
no-messages-title = لا رسائل بعد
no-messages-text = ألقِ التحية. اكتب ‎@12,7 للإشارة إلى مربّع.
new-messages = رسائل جديدة
loading-older = جارٍ تحميل رسائل أقدم…
chat-beginning = هنا بدأ كل شيء
says = { $name }:
at-name = {"\u2066"}@{ $name }{"\u2069"}

## A label with a key, or with more about it.

with-note = { $label } ({ $note })
plus = +{ NUMBER($n) }

## The title of the browser's tab.

page-of = { $page } · { $name }
unread-page = ({ NUMBER($n) }) { $page }
go-to-tile = الانتقال إلى المربّع { $place }
waits-for-connection = بانتظار الاتصال
not-sent = لم تُرسل: { $why }
retry = إعادة المحاولة
discard = تجاهل

## People and activity.

draws-in = يرسم في المربّع { $place }
is-typing = يكتب
looks-around = يتجوّل
leaving = غادر للتو
alone = أنت وحدك هنا. شارك الرابط لتصير حفلة.
did-create = بدأ المربّع { $place }
did-paint = رسم في المربّع { $place }
did-title = سمّى المربّع { $place }
did-like = أعجبه المربّع { $place }
did-unlike = لم يعد يعجبه المربّع { $place }
did-delete = حذف المربّع { $place }
did-settings = غيّر اللوحة
was-created = بُدئ المربّع { $place }
was-painted = رُسم في المربّع { $place }
was-titled = حصل المربّع { $place } على اسم
was-liked = نال المربّع { $place } إعجابًا
was-unliked = فقد المربّع { $place } إعجابًا
was-deleted = حُذف المربّع { $place }
was-settings = تغيّرت اللوحة
no-activity-title = لم يحدث شيء بعد
no-activity-text = يظهر هنا ما يرسمه الناس أو يعجبهم أو يسمّونه.

## Tile.

no-tile-title = لم يُحدَّد مربّع
no-tile-text = انقر مربّعًا على اللوح لترى من رسمه أو لترسم فيه.
empty-cell = لم يرسم أحد هنا بعد.
draw-here = ارسم هنا
draw-in-tile = ارسم في هذا المربّع
stop-drawing = إنهاء الرسم
like = أعجبني
unlike = إلغاء الإعجاب
point-here = أشِر إلى هنا
show-tile = عرض
title = العنوان
untitled = بلا عنوان
edit-title = تعديل العنوان
started-on = بدأ { $time }
place-label = المكان
likes-label = الإعجابات
changed-label = آخر تغيير
delete-tile = حذف المربّع
delete-title = حذف المربّع { $place }؟
delete-text = سيختفي رسمه وعنوانه وإعجاباته للجميع، ولا يمكن استعادتها.

## Bottom status.

place = {"\u2066"}{ $x }, { $y }{"\u2069"}
tile-at = المربّع { $place }
place-by = { $place } · { $name }
zoom-in = تكبير
zoom-out = تصغير
zoom-fit = اللوح كله
zoom-is = التكبير { NUMBER($n) } بالمئة
percent = { NUMBER($n) }٪

## Toasts.

taken-back = أُلغي تغييرك. { $why }
queue-full = تغييرات كثيرة تنتظر الاتصال. لم يُحفظ هذا التغيير.
now-viewer = صار بإمكانك المشاهدة فقط هنا.
now-editor = صار بإمكانك الرسم هنا.
now-moderator = صار بإمكانك الإشراف هنا.
not-kept = لم تبقَ مساحة في هذا المتصفح. ما ينتظر سيضيع عند إعادة التحميل.
points-at = { $name } يشير إلى المربّع { $place }
mentioned-you = ذكرك { $name }: { $text }

## Problems.

problem-away = تعذّر الوصول إلى الخادم. حاوِل مجددًا.
problem-credentials = اسم المستخدم وكلمة المرور غير متطابقين.
problem-username-taken = هذا الاسم مستخدم من قبل.
problem-validation = هناك خطأ في النموذج.
problem-signed-out = سُجّل خروجك. سجّل الدخول من جديد.
problem-forbidden = لا يُسمح لك بهذا هنا.
problem-rate-limited = طلبات كثيرة دفعة واحدة. انتظر قليلًا.
problem-field = لا يُقبل هذا.
text-empty = يجب كتابة شيء هنا.
text-too-short =
    { $n ->
        [one] حرف واحد على الأقل.
        [two] حرفان على الأقل.
        [few] { $n } أحرف على الأقل.
        [many] { $n } حرفًا على الأقل.
       *[other] { $n } حرف على الأقل.
    }
text-too-long =
    { $n ->
        [one] حرف واحد على الأكثر.
        [two] حرفان على الأكثر.
        [few] { $n } أحرف على الأكثر.
        [many] { $n } حرفًا على الأكثر.
       *[other] { $n } حرف على الأكثر.
    }
text-control = فيه رموز لا يمكن عرضها.
text-alphabet = حروف لاتينية وأرقام و_ و- فقط.
refused-text-too-long = النص طويل جدًا.
refused-out-of-bounds = هذا المكان خارج اللوحة.
refused-tile-exists = يوجد مربّع هنا من قبل.
refused-tile-not-found = لم يعد المربّع موجودًا.
refused-tile-locked = شخص آخر يرسم في هذا المربّع.
refused-version-conflict = تغيّر المربّع في هذه الأثناء.
refused-forbidden = لا يُسمح لك بهذا هنا.
refused-unavailable = لا يستطيع الخادم حفظ شيء الآن.
refused-internal = حدث خطأ في الخادم.

## Days and times.

today = اليوم
yesterday = أمس

## With a number.

people-here = { NUMBER($n) } هنا
people-drawing =
    { $n ->
        [zero] لا أحد هنا الآن
        [one] شخص واحد هنا الآن
        [two] شخصان هنا الآن
        [few] { $n } أشخاص هنا الآن
        [many] { $n } شخصًا هنا الآن
       *[other] { $n } شخص هنا الآن
    }
more-people =
    { $n ->
        [zero] لا أحد غيرهم
        [one] شخص آخر
        [two] شخصان آخران
        [few] { $n } أشخاص آخرون
        [many] { $n } شخصًا آخر
       *[other] { $n } شخص آخر
    }
tiles =
    { $n ->
        [zero] لا مربّعات
        [one] مربّع واحد
        [two] مربّعان
        [few] { $n } مربّعات
        [many] { $n } مربّعًا
       *[other] { $n } مربّع
    }
tiles-drawn =
    { $n ->
        [zero] لا مربّعات مرسومة
        [one] مربّع مرسوم واحد
        [two] مربّعان مرسومان
        [few] { $n } مربّعات مرسومة
        [many] { $n } مربّعًا مرسومًا
       *[other] { $n } مربّع مرسوم
    }
likes =
    { $n ->
        [zero] لا إعجابات
        [one] إعجاب واحد
        [two] إعجابان
        [few] { $n } إعجابات
        [many] { $n } إعجابًا
       *[other] { $n } إعجاب
    }
changes-waiting =
    { $n ->
        [zero] لا تغييرات تنتظر
        [one] تغيير واحد ينتظر
        [two] تغييران ينتظران
        [few] { $n } تغييرات تنتظر
        [many] { $n } تغييرًا ينتظر
       *[other] { $n } تغيير ينتظر
    }
waits-for-you =
    { $n ->
        [zero] لا تغييرات بانتظارك.
        [one] تغيير واحد بانتظارك.
        [two] تغييران بانتظارك.
        [few] { $n } تغييرات بانتظارك.
        [many] { $n } تغييرًا بانتظارك.
       *[other] { $n } تغيير بانتظارك.
    }
unread =
    { $n ->
        [zero] لا رسائل جديدة
        [one] رسالة جديدة واحدة
        [two] رسالتان جديدتان
        [few] { $n } رسائل جديدة
        [many] { $n } رسالة جديدة
       *[other] { $n } رسالة جديدة
    }
names-offered =
    { $n ->
        [zero] لا أسماء.
        [one] اسم واحد. اضغط Enter لاختياره.
        [two] اسمان. اختر بالأسهم ثم اضغط Enter.
        [few] { $n } أسماء. اختر بالأسهم ثم اضغط Enter.
        [many] { $n } اسمًا. اختر بالأسهم ثم اضغط Enter.
       *[other] { $n } اسم. اختر بالأسهم ثم اضغط Enter.
    }
characters-left =
    { $n ->
        [zero] لم يبقَ أي حرف
        [one] بقي حرف واحد
        [two] بقي حرفان
        [few] بقيت { $n } أحرف
        [many] بقي { $n } حرفًا
       *[other] بقي { $n } حرف
    }
characters-over =
    { $n ->
        [zero] لا زيادة
        [one] حرف زائد
        [two] حرفان زائدان
        [few] { $n } أحرف زائدة
        [many] { $n } حرفًا زائدًا
       *[other] { $n } حرف زائد
    }
