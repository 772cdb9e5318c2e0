### Refusals of the server, by their code.

gone = لم يعد هذا موجودًا.
busy = الخادم مشغول الآن. حاوِل مجددًا بعد قليل.
too-many-blocks = أخفيت أكبر عدد ممكن من الأشخاص.
too-many-invites = بلغت الدعوات المفتوحة حدها الأقصى.
too-large = هذا أكبر من أن يُرسل.
refused = رفض الخادم هذا ({ $code }).
