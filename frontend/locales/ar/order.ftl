### Keeping order: sanctions, reports, cases, appeals and the moderation log.

## Acts on a person.

acts-on = المزيد عن { $name }
acts-on-message = المزيد عن رسالة { $name }
warn = تحذير
mute = كتم
stop-painting = منع الرسم
time-out = إيقاف مؤقت
ban = حظر
remove-message = حذف الرسالة
remove-all = حذف رسائله في الساعة الأخيرة
report = إبلاغ…

## The form of a sanction.

sanction = إجراء
whom = بحق من
what = ماذا
how-long = كم المدة
ten-minutes = 10 د
one-hour = ساعة
one-day = يوم
seven-days = 7 أيام
open-end = بلا نهاية
reason = السبب
reason-hint = يقرؤه المعنيّ، ويبقى في سجل الإشراف.
note = ملاحظة للمشرفين الآخرين
effect-warning = يُبلَّغ { $name } وعليه التأكيد. ولا يتغير شيء آخر.
effect-mute = لن يستطيع { $name } الدردشة أو التعليق أو ذكر أحد أو مراسلة أشخاص هذه اللوحة.
effect-no-paint = لن يستطيع { $name } تغيير أي مربّع. ويبقى ما رسمه.
effect-timeout = لن يستطيع { $name } إلا المشاهدة: لا دردشة ولا رسم ولا إعجاب.
effect-ban = يُفصل { $name } ولا يستطيع الدخول. ويبقى ما رسمه وقاله.
effect-until = ينتهي تلقائيًا: { $time }.
effect-open = لا نهاية له حتى يرفعه أحد.
effect-name = يمكنه الاعتراض، ولا يرى اسمك.

## The sanctioned person's view.

got-warning = تلقّيت تحذيرًا
got-mute = لا يمكنك الدردشة هنا
got-no-paint = لا يمكنك الرسم هنا
got-timeout = لا يمكنك هنا إلا المشاهدة
got-ban = أنت محظور من هذه اللوحة
got-ban-server = أنت محظور من هذا الخادم
until = حتى { $time }
no-end = لم تُحدَّد نهاية
still-warning = كل شيء يعمل كما كان. أكّد من فضلك أنك قرأته.
still-mute = ما زال بإمكانك الرسم والإعجاب والمشاهدة.
still-no-paint = ما زال بإمكانك الدردشة والإعجاب والمشاهدة.
still-timeout = ما زال بإمكانك مشاهدة كل شيء.
still-ban = ما زال بإمكانك مشاهدة اللوح دون تسجيل الدخول.
confirm-warning = قرأته
appeal = اعتراض
see-appeal = عرض اعتراضك
my-sanctions = الإجراءات بحقك
no-sanctions = لا شيء بحقك.
lifted-on = رُفع: { $time }
ended-on = انتهى: { $time }
appeal-text = لماذا ينبغي رفعه أو تقصيره؟
appeal-hint = يقرؤه شخص غير الذي قرّره، إن وُجد غيره.
send-appeal = إرسال الاعتراض
appeal-waiting = اعتراضك بانتظار الرد.
appeal-reply = إضافة إليه
moderator = الإشراف
state-waiting = قيد الانتظار
state-kept = أُبقي عليه
state-shortened = قُصِّر
state-lifted = رُفع
chat-muted = لا يمكنك الدردشة هنا الآن
chat-slow = يمكنك الكتابة مجددًا بعد { NUMBER($n) } ث
locked-down = حتى { $time } لا يغيّر شيئًا هنا إلا المشرفون والأعضاء.
newcomer = أنت جديد هنا حتى { $time }: في مربّعات غيرك 300 بكسل في الدقيقة كحد أقصى، و6 رسائل في الدقيقة.
may-not-sanctioned-open = لا يمكنك الرسم هنا.
no-guests = لا يدخل الضيوف هنا
no-guests-text = أنشئ حسابًا أو سجّل الدخول للمشاركة. يمكنك مشاهدة اللوح كما هو.
must-register = أنشئ حسابًا أولًا
must-register-text = لا يمكن للضيوف من هذا الجهاز أو هذه الشبكة المشاركة حاليًا. يمكنك ذلك بحساب.
shelved = لم يُرسل. يبقى مسودة في هذا المتصفح.
sanction-over = انتهى إجراء بحقك. عاد كل شيء كما كان.
send-draft = إرسال الآن
export-draft = تصدير
discard-draft = تجاهل
message-removed = حُذفت هذه الرسالة.
refused-sanctioned = يمنعك إجراء بحقك من هذا.
refused-newcomer = أنت جديد هنا: تمهّل في مربّعات غيرك.
refused-slow-mode = الوضع البطيء: انتظر قبل الرسالة التالية.
refused-locked-down = هذه اللوحة مغلقة حاليًا.
refused-no-message = لم تعد الرسالة موجودة.
refused-no-comment = لم يعد التعليق موجودًا.
problem-claimed = تولّى شخص آخر هذه الحالة.
problem-over = هذا تقرّر أو انتهى من قبل.

## Reports.

report-title = إبلاغ
report-what = ما المشكلة؟
rule-harassment = مضايقة
rule-hate = كراهية
rule-sexual = محتوى جنسي
rule-illegal = شيء غير قانوني
rule-griefing = إتلاف عمل الآخرين
rule-spam = محتوى مزعج
rule-other = شيء آخر
report-comment = ماذا ينبغي أن يعرف المشرفون؟
report-follows = يراه المشرفون كما هو الآن حتى لو تغيّر. لن يعرف أحد أنك المبلِّغ، ولا يحدث شيء تلقائيًا.
send-report = إرسال البلاغ
reported = تم الإبلاغ. سينظر فيه المشرفون.
withdraw = سحبه
withdrawn = سُحب بلاغك.
target-tile = المربّع { $place }
target-area = المربّعات من { $from } إلى { $to }
target-message = رسالة
message-of = رسالة من { $name }
target-comment = تعليق
target-direct-message = رسالة خاصة
target-canvas = اللوحة كلها
case-came = أُبلغ عن شيء.

## The panel.

moderation = الإشراف
moderation-log = سجل الإشراف
cases = الحالات
sanctions = الإجراءات
appeals = الاعتراضات
log = السجل
lockdown = الإغلاق
off = متوقف
lockdown-hint = لا يغيّر شيئًا إلا المشرفون ومن لهم دور.
slow-mode = الوضع البطيء
slow-mode-hint = ينتظر غير المشرفين بين الرسالتين.
lasts = المدة
pause = الفاصل
ends-at = ينتهي { $time }
seconds = { NUMBER($n) } ث
minutes = { NUMBER($n) } د
hours = { NUMBER($n) } س
no-cases = لا حالات مفتوحة. كل شيء هادئ.
no-active-sanctions = لا إجراءات سارية.
no-appeals = لا اعتراضات تنتظر.
no-log = لم يلزم فعل شيء بعد.
case-keys = ‏J وK للتنقل، ومن 1 إلى 5 للقرار.
frozen = كما كان عند الإبلاغ
others-did = غيّر { $by } لدى { $of }: { $pixels }، آخرها { $time }.
nobody-changed = لم يغيّر أحد بكسلات غيره في الساعات الـ24 السابقة.
painted-by = رسمه
said-around = ما قيل
their-messages = أحدث رسائله
their-tiles = أحدث مربّعاته
evidence-gone = حُذفت الأدلة بعد 90 يومًا من القرار.
comments = ما يقوله المبلِّغون
take-case = تولّي هذه الحالة
taken-by = تولّاها { $name } حتى { $time }
go-there = الانتقال إلى هناك
decide = القرار
decision-note = ملاحظة على القرار
outcome-no-violation = لا مخالفة
outcome-warned = تحذير
outcome-removed = حذف
outcome-sanctioned = إجراء
outcome-report-abuse = بلاغ كيدي
show-decided = الحالات المقرَّرة
show-over = عرض المنتهية أيضًا
higher-rank-needed = لا يتخذ إجراءً هنا بحق { $name } إلا من رتبته أعلى.
problem-rank = غير ممكن: رتبة هذا الشخص مثل رتبتك أو أعلى.
problem-rank-or-concerned = غير ممكن: رتبة هذا الشخص مثل رتبتك أو أعلى، أو أنك أبلغت عن هذا أو أُبلغ عنك.
problem-concerned = أبلغت عن هذا أو أُبلغ عنك. يقرر شخص آخر.
problem-decider = يقرر شخص آخر: ليس من اتخذ الإجراء، وبرتبة أعلى من رتبة الشخص فقط.
issued-by-you = أنت من اتخذ هذا الإجراء. يقرر شخص آخر.
lift-needs-rank = يجب أن ترفعه رتبة أعلى.
server-moderation = الإشراف على الخادم
sanction-on-server = إجراء على الخادم كله
admins-only = لا يشرف هنا إلا مديرو هذا الخادم.
lift = رفع
by = بواسطة { $name }
keep = إبقاء
shorten = تقصير
answer = الرد
shorten-to = ينتهي خلال
send-reply = سؤال أو رد
somebody = أحدهم

## With a number.

drafts =
    { $n ->
        [zero] لا تغييرات غير مرسلة.
        [one] لم يُرسل تغيير واحد. حُفظ مسودة.
        [two] لم يُرسل تغييران. حُفظا مسودة.
        [few] لم تُرسل { $n } تغييرات. حُفظت مسودة.
        [many] لم يُرسل { $n } تغييرًا. حُفظت مسودة.
       *[other] لم يُرسل { $n } تغيير. حُفظت مسودة.
    }
reporters =
    { $n ->
        [zero] لا أحد
        [one] شخص واحد
        [two] شخصان
        [few] { $n } أشخاص
        [many] { $n } شخصًا
       *[other] { $n } شخص
    }
pixels =
    { $n ->
        [zero] لا بكسلات
        [one] بكسل واحد
        [two] بكسلان
        [few] { $n } بكسلات
        [many] { $n } بكسلًا
       *[other] { $n } بكسل
    }
removed =
    { $n ->
        [zero] لم تُحذف رسائل.
        [one] حُذفت رسالة واحدة.
        [two] حُذفت رسالتان.
        [few] حُذفت { $n } رسائل.
        [many] حُذفت { $n } رسالة.
       *[other] حُذفت { $n } رسالة.
    }
open-cases =
    { $n ->
        [zero] لا حالات مفتوحة
        [one] حالة مفتوحة واحدة
        [two] حالتان مفتوحتان
        [few] { $n } حالات مفتوحة
        [many] { $n } حالة مفتوحة
       *[other] { $n } حالة مفتوحة
    }

## Acts in the moderation log.

did-sanction = إجراء
did-lift = رفع إجراء
did-remove-message = حذف رسالة
did-purge = حذف رسائل
did-rewrite = إلغاء رسم أو استعادته
did-undo-rewrite = تراجع عن ذلك
did-delete-tile = حذف مربّع
did-set-role = منح دور
did-remove-member = سحب دور
did-change-settings = تغيير الإعدادات
did-decide-case = قرار في حالة
did-decide-appeal = قرار في اعتراض
did-kick = فصل
