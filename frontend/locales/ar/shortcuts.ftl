### The list of keyboard shortcuts.

## Headings.

drawing = الرسم
pointer = أثناء الرسم بالمؤشر
board = اللوح
keyboard = بلوحة المفاتيح داخل مربّع
chat = الدردشة
everywhere = في كل مكان

## Keys, as they are named on keyboards in this language.

ctrl = Ctrl
alt = Alt
shift = Shift
escape = Esc
enter = Enter
space = مسافة
right-click = نقر أيمن
drag = سحب
click = نقر

## What they do.

choose-color = اختيار لون
swap = تبديل اللونين
undo = تراجع
redo = إعادة
leave = مغادرة المربّع
straight = خطوط مستقيمة ومربّعات ودوائر
pick = التقاط لون
second-color = الرسم باللون الثاني
move-board = تحريك اللوح
move-or-go = تحريك، أو التنقل بين المربّعات
go = تحريك
zoom = تكبير وتصغير
whole = عرض اللوح كله أو المربّع المفتوح
open-tile = فتح المربّع
name-tile-in-chat = ذكر المربّع في الدردشة
move-pen = تحريك القلم
paint = تلوين
send = إرسال
new-line = سطر جديد
edit-newest = تعديل أحدث رسالة لك
reply = الرد على الرسالة المحددة
name-person = ذكر شخص
name-tile = ذكر مربّع
show-keys = عرض هذه المفاتيح
close = إغلاق
