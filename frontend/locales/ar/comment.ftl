### Comments on tiles.

comments = التعليقات
nothing = لا تعليقات مفتوحة. قل رأيك في هذا المربّع.
nothing-here = لا تعليقات مفتوحة. قل ماذا يمكن أن يُرسم هنا.
away = تعذّر الحصول على التعليقات الآن.
try-again = حاوِل مجددًا
gone = لم يعد هذا التعليق موجودًا.

## Writing.

new-comment = تعليق جديد
example = علّق على هذا المربّع
send = تعليق
answer = رد
answer-to = رد على { $name }
edit = تعديل التعليق
save = حفظ
cancel = إلغاء
sign-in = سجّل الدخول للتعليق.
over = لم يعد بالإمكان الكتابة هنا.
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

## One comment.

edited = معدَّل
removed = حُذف هذا التعليق.
hidden = من شخص أخفيته.
waits = بانتظار الاتصال.
not-sent = لم يُرسل: { $why }
retry = إعادة المحاولة
discard = تجاهل
resolve = تعليم كمحلول
reopen = إعادة الفتح
was-resolved = محلول
resolved =
    { $n ->
        [zero] لا تعليقات محلولة
        [one] تعليق محلول
        [two] تعليقان محلولان
        [few] { $n } تعليقات محلولة
        [many] { $n } تعليقًا محلولًا
       *[other] { $n } تعليق محلول
    }
acts-on = المزيد عن تعليق { $name }
comment-of = تعليق { $name }
remove = حذف التعليق
copy-link = نسخ رابط التعليق
link-copied = نُسخ رابط هذا التعليق.

## The picture that it speaks of, beside the one that is there now.

then-and-now = حينها والآن
then = حينها
now = الآن
nothing-there = فارغ
unchanged = لم تتغير الصورة منذ ذلك الحين.
changed =
    { $n ->
        [zero] لم يتغير أي بكسل منذ ذلك الحين.
        [one] تغيّر بكسل واحد منذ ذلك الحين.
        [two] تغيّر بكسلان منذ ذلك الحين.
        [few] تغيّرت { $n } بكسلات منذ ذلك الحين.
        [many] تغيّر { $n } بكسلًا منذ ذلك الحين.
       *[other] تغيّر { $n } بكسل منذ ذلك الحين.
    }
then-away = تعذّر الآن عرض ما كان حينها.

## The list of what happens on the canvas.

did-comment = علّق على المربّع { $place }
was-commented = علّق أحدهم على المربّع { $place }

did-comment-on-it = علّق عليه

## On the board.

shortcut = التعليق على المربّع

many = +{ NUMBER($n) }
open =
    { $n ->
        [zero] لا تعليقات مفتوحة
        [one] تعليق مفتوح واحد
        [two] تعليقان مفتوحان
        [few] { $n } تعليقات مفتوحة
        [many] { $n } تعليقًا مفتوحًا
       *[other] { $n } تعليق مفتوح
    }
cell-with-comments = { $cell }، { $comments }
