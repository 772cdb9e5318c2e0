### Films and pictures of the past, files of them, and what a tile was.

## A tile as it was, in a text.

tile-as-it-was = المربّع { $place } كما كان حينها

name-tile-then = ذكر مربّع كما كان

## The bar with the past of a tile, in its panel.

past = ماضي هذا المربّع
step = التغيير
changes =
    { $n ->
        [zero] لا تغييرات حتى الآن
        [one] تغيير واحد حتى الآن
        [two] تغييران حتى الآن
        [few] { NUMBER($n) } تغييرات حتى الآن
        [many] { NUMBER($n) } تغييرًا حتى الآن
       *[other] { NUMBER($n) } تغيير حتى الآن
    }
change-of = التغيير { NUMBER($n) } من { $all }
before-first = قبل أول تغيير
past-away = تعذّر الآن عرض ما كان عليه هذا المربّع.
step-created = بدأ المربّع
step-painted = رسم
step-titled = غيّر العنوان
step-undone = تراجع عن خط
step-deleted = حذف المربّع
step-rewritten = ألغى شيئًا أو استعاده
step-text = { $step }: { $name }، { $what }، { $time }
play = تشغيل
pause = إيقاف مؤقت
board-then = عرض اللوح حينها
mention-then = ذكره كما كان
restore-to-this = الاستعادة إلى هذا

## A GIF of a tile.

share-gif = مشاركة كصورة GIF
gif-of = المربّع { $place } كصورة GIF
gif-shows = كيف رُسم المربّع { $place }
gif-making = جارٍ إنشاء GIF…
gif-away = تعذّر الحصول على GIF الآن.
share-file = مشاركة…
copy-link = نسخ الرابط
link-copied = نُسخ رابط صورة GIF هذه.
link-private = لا يستطيع فتح الرابط إلا أعضاء هذه اللوحة.

## How long a film is, and how large.

length = المدة
seconds =
    { $n ->
        [zero] { NUMBER($n) } ثانية
        [one] ثانية واحدة
        [two] ثانيتان
        [few] { NUMBER($n) } ثوانٍ
        [many] { NUMBER($n) } ثانية
       *[other] { NUMBER($n) } ثانية
    }
scale = حجم البكسل

## Export.

export = تصدير…
export-title = تصدير
kind = النوع
kind-gif = GIF
kind-apng = APNG
kind-png = PNG
kind-log = السجل
kind-gif-hint = فيلم يعمل في كل مكان.
kind-apng-hint = فيلم بصيغة PNG أصغر من GIF، تشغّله المتصفحات.
kind-png-hint = صورة واحدة.
kind-log-hint = كل ما حدث هنا، حدث في كل سطر: نسختك من التاريخ كله.
of-what = النطاق
whole-board = اللوح
an-area = منطقة
this-tile = المربّع { $place }
time = ابتداءً من
time-beginning = البداية
time-day = قبل يوم
time-week = قبل أسبوع
until-then = ينتهي عند اللحظة المعروضة.
by-whom = رسمه
everybody = الجميع
myself = أنا
somebody-else = شخص آخر…
user-name = اسم المستخدم
preview = معاينة
preview-last = هكذا ينتهي الفيلم.
no-preview = لا معاينة الآن.
too-large = هذا كبير جدًا. اختر منطقة أصغر.
sign-in-to-export = سجّل الدخول لتصدير أكثر من 16 مربّعًا أو السجل.
start = إنشاء الملف
is-running = يُنشأ لك ملف الآن. انتظر حتى يكتمل، أو أوقفه.
nobody-of-that-name = لا أحد هنا يحمل اسم المستخدم هذا.

## A file that is being made.

file = ملف الماضي
file-of = { $kind } من { $canvas }
waiting = في انتظار البدء
making = اكتمل { $percent }
done = جاهز، { $size }
failed = تعذّر إنشاء هذا الملف. حاوِل مجددًا.
gone = لم يعد هذا الملف موجودًا.
stop = إيقاف
dismiss = إخفاء
size-kb = { NUMBER($n) } كيلوبايت
size-mb = { $n } ميغابايت

## Ghost.

ghost = مربّع الأمس
ghost-on = يظهر ما كان هنا أمس باهتًا.
ghost-empty = لم يكن هنا شيء أمس.
ghost-away = تعذّر الآن عرض ما كان هنا أمس.
