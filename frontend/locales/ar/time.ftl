### The past of a canvas: the time bar, the moment that is looked at.

clock = السجل الزمني
clock-close = إغلاق السجل الزمني
bar = السجل الزمني للوحة
handle = اللحظة
now = الآن
before-all = قبل أول تغيير
moment-by = { $moment }، { $name } عند { $place }
change-by = { $name } عند { $place }
step-back = التغيير السابق
step-forward = التغيير التالي
play = تشغيل
play-back = تشغيل إلى الخلف
pause = إيقاف مؤقت
speed = السرعة
times = { NUMBER($n) }×
by-time = التوزيع حسب الوقت
by-changes = التوزيع حسب التغييرات
close = إغلاق شريط الزمن
empty = لم يُرسم شيء هنا بعد.
changes-and-people = { $changes }، { $people }
past = الماضي
back-to-now = العودة إلى الآن
loading = جارٍ تحميل هذه اللحظة
may-not-draw = هذا هو الماضي. عُد إلى الآن لترسم.
restore-tile = استعادة هذا المربّع…
restore-area = استعادة هذه المنطقة…
restore-title = استعادة ما كان حينها
restore-to = كما كان: { $moment }

## Problems.

away = تعذّر الوصول إلى السجل الزمني الآن.
busy = الخادم مشغول جدًا الآن.
no-such-moment = ليست هذه اللحظة في السجل الزمني لهذه اللوحة.
too-far = قرّب لترى هذا القدر من الماضي.
retry = إعادة المحاولة

## Shortcuts.

keys = السجل الزمني
key-open = فتح السجل الزمني أو إغلاقه
key-play = تشغيل إلى الخلف، إيقاف مؤقت، تشغيل؛ ومرة أخرى لتشغيل أسرع
key-step = التغيير السابق أو التالي
key-person = التغيير السابق أو التالي لشخص آخر
key-ends = البداية، والآن
changes =
    { $n ->
        [zero] لا تغييرات
        [one] تغيير واحد
        [two] تغييران
        [few] { NUMBER($n) } تغييرات
        [many] { NUMBER($n) } تغييرًا
       *[other] { NUMBER($n) } تغيير
    }
people =
    { $n ->
        [zero] لا أحد
        [one] شخص واحد
        [two] شخصان
        [few] { NUMBER($n) } أشخاص
        [many] { NUMBER($n) } شخصًا
       *[other] { NUMBER($n) } شخص
    }
meanwhile =
    { $n ->
        [zero] لا تغييرات منذ ذلك الحين
        [one] تغيير واحد منذ ذلك الحين
        [two] تغييران منذ ذلك الحين
        [few] { NUMBER($n) } تغييرات منذ ذلك الحين
        [many] { NUMBER($n) } تغييرًا منذ ذلك الحين
       *[other] { NUMBER($n) } تغيير منذ ذلك الحين
    }
