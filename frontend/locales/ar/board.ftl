### The board and the drawing tools.

board = اللوح
board-help = تنقل مفاتيح الأسهم من مربّع إلى آخر، ويفتح Enter مربّعًا للرسم فيه، ويغادره Escape. وعند الرسم تحرّك الأسهم القلم ويلوّن مفتاح المسافة.
begin = لم يُرسم شيء هنا بعد. اختر خانة وابدأ.
tools = أدوات الرسم
palette = لوحة الألوان
primary = لون الزر الأيسر: { $name }
secondary = لون الزر الأيمن: { $name }
swap = تبديل اللونين
mirror = انعكاس
undo = تراجع
redo = إعادة
leave = تم
minimap = نظرة عامة على اللوح
fly-to = الانتقال إلى المربّع { $place } الذي يشير إليه { $name }
tile-and-pixel = { $tile } · البكسل { $pixel }
drawing-here = يرسم هنا الآن: { $names }
copy-link = نسخ الرابط
link-copied = نُسخ رابط هذا المربّع.
history = السجل
history-none = لم يُعثر على شيء بعد.
history-older = البحث أبعد في الماضي
history-away = تعذّر الحصول على السجل الآن.
name-and-likes = { $name }  ♥ { NUMBER($n) }
name-says = { $name }: { $message }
a-guest = ضيف
empty-cell = المربّع { $place }، فارغ
tile = المربّع { $place }، رسمه { $name }، { $likes }
drawing = ترسم في { $tile }
pixel = البكسل { $place }، { $color }
blank = غير ملوّن

## Pictures that are brought in.

import = إدراج صورة
import-size = الحجم
import-dither = مزج الألوان لتدرّج ناعم
import-paint = ارسمها
import-no-picture = هذه ليست صورة يمكن قراءتها.
import-too-large = هذه الصورة كبيرة جدًا. الحد الأقصى 32 ميغابايت و64 ميغابكسل.
import-unreadable = لا يسمح هذا المتصفح للصفحات بقراءة الصور حمايةً من التتبّع. اسمح بذلك لهذه الصفحة ثم حاوِل مجددًا.
import-nowhere = اختر مربّعًا أولًا ثم الصق الصورة.
import-one-tile = هذا المربّع، { $width } × { $height } بكسل
import-tiles = { $columns } × { $rows } مربّعات، { $width } × { $height } بكسل
import-left-out = المربّعات التي لا يمكنك الرسم فيها تبقى كما هي: { NUMBER($n) }.

## The history of a tile: what somebody did.

did-create = بدأه
did-paint = رسم فيه
did-title = سمّاه
did-like = أعجبه
did-unlike = لم يعد يعجبه
did-delete = حذفه
did-settings = غيّر اللوحة

## Why one may not draw in a tile.

may-not-over = لم يعد بالإمكان الرسم هنا.
may-not-signed-out = سجّل الدخول للرسم.
may-not-viewer = يمكنك هنا المشاهدة والدردشة والإعجاب، لا الرسم.
may-not-theirs = لا يرسم في هذا المربّع إلا { $name }.
may-not-locked = مقفل ما دام { $name } يرسم فيه.

## Tools.

pencil = قلم
eraser = ممحاة
fill = تعبئة
line = خط
rectangle = مستطيل
circle = دائرة
picker = قطّارة

## Colours.

black = أسود
dark-grey = رمادي داكن
grey = رمادي
light-grey = رمادي فاتح
white = أبيض
red = أحمر
dark-red = أحمر داكن
light-red = أحمر فاتح
brown = بني
dark-brown = بني داكن
light-brown = بني فاتح
orange = برتقالي
dark-orange = برتقالي داكن
light-orange = برتقالي فاتح
yellow = أصفر
dark-yellow = أصفر داكن
light-yellow = أصفر فاتح
green = أخضر
dark-green = أخضر داكن
light-green = أخضر فاتح
turquoise = فيروزي
dark-turquoise = فيروزي داكن
light-turquoise = فيروزي فاتح
blue = أزرق
dark-blue = أزرق داكن
light-blue = أزرق فاتح
violet = بنفسجي
dark-violet = بنفسجي داكن
light-violet = بنفسجي فاتح
pink = وردي
dark-pink = وردي داكن
light-pink = وردي فاتح
numbered = { $name } { NUMBER($n) }

only-own = سيظهر ما رسمه الآخرون فور استجابة الخادم.
