### Who painted what, and taking it back.

## Who painted this.

who-painted = من رسم هذا
who-painted-hint = أشِر إلى بكسل أو المسه لترى لمن هو.
who-painted-away = تعذّر الآن معرفة من رسم هذا.
painters = من رسموا هذا المربّع
nobody = لا أحد
others = آخرون
pixel-by = البكسل { $place }: { $name }

## Take back what they painted.

take-back = إلغاء ما رسمه…
take-back-own = إلغاء ما رسمتُه…
take-back-from = إلغاء ما رسمه { $name }
take-back-mine = إلغاء ما رسمتَه
people-label = رسمه
person-label = اسم مستخدم لشخص آخر
add-person = إضافة
leave-out = استثناء { $name }
window = متى
window-minutes = آخر 10 دقائق
window-hour = آخر ساعة
window-day = آخر يوم
window-week = آخر 7 أيام
window-ever = كل الوقت
area = أين
area-all = في كل مكان
area-drawn = في منطقة
area-hint = اسحب فوق اللوح لرسم المنطقة، أو اكتب زواياها.
area-left = العمود الأول
area-top = الصف الأول
area-right = العمود الأخير
area-bottom = الصف الأخير
reason = السبب
reason-hint = يستطيع كل من هنا قراءته في السجل.
counting = جارٍ العدّ…
found = { $tiles }، { $pixels }
found-and-left = { $found }؛ { $left }
found-nothing = لا شيء يمكن إلغاؤه.
as-it-was = يبدو كما كان حينها أصلًا.
take-back-action = إلغاء ما رُسم
stop = إيقاف
undo = تراجع
running = قيد التنفيذ: { $tiles }، { $pixels }.
taken-back = أُلغي: { $tiles }، { $pixels }.
restored = استُعيد: { $tiles }، { $pixels }.
brought-back = تم التراجع: { $tiles }، { $pixels }.
stopped = أُوقف. ما تم يبقى: { $tiles }، { $pixels }.
no-change = لم يلزم تغيير شيء.

## Restore.

restore = استعادة…
restore-tile = استعادة المربّع { $place }
restore-area = استعادة منطقة
restore-when = كما كان
restore-minutes = قبل 10 دقائق
restore-hour = قبل ساعة
restore-day = قبل يوم
restore-week = قبل 7 أيام
restore-event = قبل تغيير الساعة { $time }
restore-before = استعادة ما قبل هذا
restore-action = استعادة

## Problems.

too-large = هذه أكثر من 4096 مربّعًا. اختر منطقة أصغر أو وقتًا أقصر.
is-running = هناك من يلغي شيئًا هنا الآن. انتظر حتى ينتهي.
not-allowed = غير ممكن: لا يُلغى إلا ما رسمه من رتبته أدنى، ولا يُستعاد إلا مربّع بدأته أنت.
already-undone = سبق التراجع عن هذا.
pixels =
    { $n ->
        [zero] لا بكسلات
        [one] بكسل واحد
        [two] بكسلان
        [few] { $n } بكسلات
        [many] { $n } بكسلًا
       *[other] { $n } بكسل
    }
left-alone =
    { $n ->
        [zero] لا شيء أعاد غيره رسمه
        [one] بكسل واحد أعاد غيره رسمه فتُرك
        [two] بكسلان أعاد غيره رسمهما فتُركا
        [few] { $n } بكسلات أعاد غيره رسمها فتُركت
        [many] { $n } بكسلًا أعاد غيره رسمها فتُركت
       *[other] { $n } بكسل أعاد غيره رسمها فتُركت
    }
painted-by =
    { $n ->
        [zero] لم يرسم أحد هذا المربّع
        [one] شخص واحد رسم هذا المربّع
        [two] شخصان رسما هذا المربّع
        [few] { $n } أشخاص رسموا هذا المربّع
        [many] { $n } شخصًا رسموا هذا المربّع
       *[other] { $n } شخص رسموا هذا المربّع
    }
