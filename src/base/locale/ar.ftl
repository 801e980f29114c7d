## Logging in and out

please-visit = يُرجى فتح هذه الصفحة:
enter-code = ثم إدخال هذا الرمز:
scan-code = أو مسح رمز QR هذا، وفيه الاثنان معًا:
log-in-at = سجّل الدخول بمتصفحك على هذا العنوان:
log-in-anywhere = سجّل الدخول بأي متصفح ومن أي جهاز على هذا العنوان:
paste-here = ينتهي تسجيل الدخول بصفحة لا يمكن عرضها. ألصق عنوان تلك الصفحة هنا:
paste-again = ليس هذا هو العنوان الذي ينتهي إليه. ألصق العنوان كاملًا، بدءًا من {"\u2066"}http://{"\u2069"}:
waiting = في انتظار الموافقة…
server-in-trouble = يواجه الخادم مشكلة في الوقت الحالي؛ الانتظار مستمر…
login-again = أنهى الخادم الجلسة الجديدة مع القديمة. مرة أخرى من فضلك:
granted-beyond = منح الخادم أكثر مما طُلب: { $scopes }
login-elsewhere = هناك تسجيل دخول آخر جارٍ إلى هذا الخادم؛ بانتظاره…
page-elsewhere = هذه الصفحة ليست على الخادم الذي تسجّل الدخول إليه. لا تفتحها إلا إذا كنت تثق بالعنوان { $url }
browser-failed = تعذّر فتح متصفح؛ يُرجى فتح الصفحة يدويًا.
token-prompt = الرمز المميز أو كلمة المرور:
kept-unchecked = حُفظ دون تحقق: لم يستطع { $server } أن يقول إن كان يقبله.
logged-in-as = تم تسجيل الدخول إلى { $server } باسم { $user }
token-ends = ينتهي في { $end }؛ وينبهك {"\u2066"}loom status{"\u2069"} في الوقت المناسب.
make-token-at = أنشئ رمزًا في هذه الصفحة والصقه هنا:
paste-token = الرمز (لا يظهر):
token-again = لا يقبله الخادم. مرة أخرى من فضلك.
token-of-program = لدى { $program } جلسة هناك. هل نستعمل رمزه؟ [نعم/لا]
login-where = أين تريد تسجيل الدخول؟
login-elsewhere-pick = خادم آخر
login-where-else = الخادم أو عنوان مستودع:
next-git = لا يسأل git برنامج loom بعد: {"\u2066"}loom setup git{"\u2069"}
next-git-and = لا يسأل git برنامج loom بعد: {"\u2066"}loom setup git{"\u2069"}. ويمكن نقل النص الصريح: {"\u2066"}{ $tools }{"\u2069"}
next-tools = يمكن نقل النص الصريح: {"\u2066"}{ $tools }{"\u2069"}
token-for = رمز مميز لـ { $server }
token-page = تجد الرمز المميز في:
field-name = الاسم:
field-id = المعرّف:
field-token = الرمز:
field-scopes = النطاقات:
field-servers = الخوادم:
field-expires = ينتهي:
token-shown-once = احفظ هذا الرمز: لن يُعرض مرة أخرى.
token-unseen = تعذّر عرض الرمز فأُلغي: { $id }
token-unseen-kept = تعذّر عرض الرمز وتعذّر إلغاؤه أيضًا: { $id }
token-revoked = أُلغي: {"\u2066"}{ $name }{"\u2069"} ({"\u2066"}{ $id }{"\u2069"}).
token-rotated = ينتهي السر القديم ({ $id }) في { $ends }.
no-tokens = لا توجد رموز.
head-name = الاسم
head-id = المعرّف
head-used = آخر استخدام
token-state-revoked = ملغى
token-state-ended = منتهٍ
logged-in = سُجّل الدخول إلى { $server } بنجاح
kept-in-keyring = حُفظت الجلسة في حلقة المفاتيح.
kept-in-file = حُفظت الجلسة في الملف المشفّر.
kept-in-memory = حُفظت الجلسة في الذاكرة، وتنتهي بتوقف الوكيل.
note-file-store = لا تُستخدم حلقة المفاتيح: { $reason }. تُحفظ بيانات الاعتماد في الملف المشفّر بدلًا منها.
used-at = تجعل الإعدادات جلسة { $server } تُستخدم أيضًا عند { $urls }.
became-default = الخادم الافتراضي: { $server }
logged-out-revoked = سُجّل الخروج من { $server } ({ $account }): أُبطلت الجلسة على الخادم.
logged-out-already-invalid = سُجّل الخروج من { $server } ({ $account }): لم يعد الخادم يعرف الرمز المميز.
logged-out-not-supported = سُجّل الخروج من { $server } ({ $account }): حُذفت الجلسة محليًا؛ لا يدعم الخادم إبطالها.
logged-out-pending = سُجّل الخروج من { $server } ({ $account }): حُذفت الجلسة محليًا، لكن تعذّر الوصول إلى الخادم؛ ما زال إبطالها معلّقًا، ويعيد الوكيل محاولته ما دام يعمل.
logged-out-local = سُجّل الخروج من { $server } ({ $account }): حُذفت الجلسة محليًا؛ لم يُبلَّغ الخادم.
cancelled = أُلغيت العملية.

not-logged-in = لا توجد جلسة مفتوحة على { $server }
nobody-logged-in = لا توجد جلسة مفتوحة على أي خادم
login-expired = انتهت صلاحية الجلسة على { $server }
renewed-again-in = يرفض { $server } كل رمز جديد؛ يُجدَّد تسجيل الدخول مرة أخرى بعد { $seconds } ثانية
login-refused-by-server = رفض { $server } هذه الجلسة
login-refused = رفض { $server } تسجيل الدخول ({"\u2066"}HTTP { $status }{"\u2069"})
code-expired = انتهت صلاحية الرمز قبل الموافقة عليه
left-alone = تُرك منذ قليل تسجيل الدخول إلى { $server } الذي بدأه git؛ ويسأل git ثانية بعد دقيقتين
server-unreachable = تعذّر الوصول إلى { $server }: { $reason }
not-a-loom-server = لا يستجيب { $server } كما تستجيب خوادم Loom
server-redirects = يعيد { $server } توجيه تسجيل الدخول إلى مكان آخر، ولا تُتّبع إعادة التوجيه
bad-verification-url = أشار { $server } إلى صفحة فتحها غير آمن
bad-token-from-server = أرسل { $server } رمزًا مميزًا لا يمكن استخدامه
bad-token = هذا ليس رمزًا مميزًا: يجب أن يكون سطرًا واحدًا بلا مسافات لا يتجاوز 16 كيبيبايت
stdin-unreadable = تعذّرت قراءة الدخل القياسي: { $error }
stdout-failed = تعذّرت الكتابة إلى الخرج القياسي: { $error }
secret-utf16 = هذا نص UTF-16 أو ليس نصًا؛ يجب أن يأتي السر بترميز UTF-8
hint-secret-utf16 = احفظه بترميز UTF-8؛ وفي PowerShell: {"\u2066"}$OutputEncoding = [Text.UTF8Encoding]::new($false){"\u2069"}
hint-login = {"\u2066"}loom login --server { $server }{"\u2069"}
login-denied = رُفضت الموافقة على تسجيل الدخول إلى { $server }
login-ended = أنهى { $server } الجلسة المفتوحة عليه
nobody-came = لم يسجّل أحد الدخول خلال عشر دقائق
no-port = تعذّر فتح منفذ يعود إليه المتصفح: { $error }
port-taken = يشغل برنامج آخر منفذ { $url } الذي ينبغي أن يعود إليه المتصفح
not-the-redirect = ليس في ما أُلصق العنوان الذي ينتهي إليه تسجيل الدخول إلى { $server }
not-oauth = لا يستجيب { $server } كما تستجيب خوادم OAuth
server-says = يقول { $server }: { $error } { $description }
other-issuer = كان يجب أن يجيب { $server } باسم { $expected }، لكنه يجيب باسم { $said }
unsafe-endpoint = يشير { $server } إلى عنوان لا يستخدم https وليس على هذا الجهاز
other-login = ردّ { $server } يخص تسجيل دخول آخر
says-nothing = لا يبيّن { $server } كيفية تسجيل الدخول
not-offered = لا يتيح { $server } هذه الطريقة لتسجيل الدخول
no-client = يشترط { $server } معرفة التطبيق، وليس لدى loom معرّف عميل للخادم { $issuer }
not-registered = لم يتمكن loom من تسجيل نفسه لدى { $server }: { $reason }
needs-browser = يتطلب تسجيل الدخول إلى { $server } متصفحًا، ولا يوجد من يستخدمه
no-client-secret = يحتاج { $server } إلى سر العميل
not-renewable = لا يعطي { $server } رموزًا مميزة أخرى لهذا الحساب
no-id-token = ليس لجلسة { $server } رمز هوية (ID token)
id-token-ended = انتهت صلاحية رمز الهوية الخاص بـ{ $server }، ولا يعطي الخادم رمزًا جديدًا
id-token-alone = رمز الهوية يُعطى كما جاء: لا يمكن أن يُطلب معه نطاق أو مورد أو جهة
hint-id-token = {"\u2066"}loom login --server { $server } --scope openid{"\u2069"}، مع النطاقات الأخرى التي تحتاج إليها
no-exchange = لا يدعم { $server } مبادلة الرموز المميزة
beyond-scope = أعطى { $server } رمزًا مميزًا لأكثر مما طُلب: { $scopes }
page-title = loom: { $server }
page-logged-in = سُجّل دخولك. يمكنك إغلاق هذه الصفحة.
hint-server-says = يغيّر {"\u2066"}--scope{"\u2069"} و{"\u2066"}--client-id{"\u2069"} ما يُطلب؛ ويعرف مدير الخادم معنى ذلك
hint-issuer = إن كان { $said } هو الصحيح فحدّده: {"\u2066"}loom login --issuer { $said }{"\u2069"}
hint-says-nothing = حدّد خادم التفويض الخاص به بالخيار {"\u2066"}--issuer URL{"\u2069"}، أو احفظ رمزًا مميزًا بالخيار {"\u2066"}--with-token{"\u2069"}
hint-port-taken = أنهِ ذلك البرنامج أو سجّل {"\u2066"}redirect_uri{"\u2069"} آخر؛ ولا يحتاج تسجيل الدخول برمز إلى منفذ: {"\u2066"}--flow device{"\u2069"}
hint-beyond-scope = لا يُسلَّم؛ ودون {"\u2066"}--scope{"\u2069"} يكون الرمز المميز هو رمز تسجيل الدخول: {"\u2066"}loom token --server { $server }{"\u2069"}
hint-other-flow = دع loom يختار: {"\u2066"}loom login --flow auto{"\u2069"}
hint-register-at = سجّل تطبيقًا في { $page }، ثم نفّذ: {"\u2066"}loom login --server { $server } --client-id ID{"\u2069"}؛ أو احفظ رمزًا مميزًا بالخيار {"\u2066"}--with-token{"\u2069"}
hint-register = سجّل تطبيقًا هناك، ثم نفّذ: {"\u2066"}loom login --server { $server } --client-id ID{"\u2069"}؛ أو احفظ رمزًا مميزًا بالخيار {"\u2066"}--with-token{"\u2069"}
hint-client-secret = حدّد ملفًا: {"\u2066"}--client-secret-file FILE{"\u2069"}، أو {"\u2066"}-{"\u2069"} للدخل القياسي
hint-no-exchange = يطلب الخيار {"\u2066"}--resource URI{"\u2069"} رمزًا مميزًا آخر دون مبادلة
hint-first-login = {"\u2066"}loom login --server https://your.server{"\u2069"}
hint-with-token = تحقّق من العنوان؛ وإن كان الخادم من نوع آخر فسجّل الدخول برمز مميز: {"\u2066"}loom login --with-token --server { $server }{"\u2069"}
hint-renewed-again-in = تحقق من سلامة الخادم: {"\u2066"}loom status --check --server { $server }{"\u2069"}
hint-server-unreachable = تحقّق من العنوان ومن اتصالك بالشبكة، ثم أعد المحاولة
hint-git-proxy =
    يصل {"\u2066"}git{"\u2069"} إلى { $server } عبر وكيل؛ ولـ{"\u2066"}loom{"\u2069"} اكتب في {"\u2066"}config.toml{"\u2069"}:
    {"[[server]]"}
    url = "{ $server }"
    proxy = "{ $proxy }"
hint-git-ca =
    يثق {"\u2066"}git{"\u2069"} بسلطة خاصة لـ { $server }؛ ولـ{"\u2066"}loom{"\u2069"} اكتب في {"\u2066"}config.toml{"\u2069"}:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
hint-git-proxy-and-ca =
    يصل {"\u2066"}git{"\u2069"} إلى { $server } عبر وكيل وبسلطة خاصة؛ ولـ{"\u2066"}loom{"\u2069"} اكتب في {"\u2066"}config.toml{"\u2069"}:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
    proxy = "{ $proxy }"
hint-server-redirects = سجّل الدخول إلى العنوان الذي يعيد التوجيه إليه
hint-bad-token = إن كانت كلمة مرور فيها محارف أخرى فحدّد مستخدمها: {"\u2066"}--account USER{"\u2069"}

## Which server

no-server = لم يُحدَّد خادم، ولا يوجد خادم افتراضي
bad-server = ليس { $server } عنوان خادم صالحًا: { $reason }
bad-setting = ليست { $value } قيمة لـ { $setting }: {"\u2066"}{ $values }{"\u2069"}
token-refused = لا يقبل { $server } هذا الرمز أو كلمة المرور؛ ولم يُحفظ شيء
hint-token-refused = أنشئ غيره هناك؛ ولحفظه رغم ذلك: {"\u2066"}loom login --with-token --no-check --server { $server }{"\u2069"}
cleartext-refused = ستُرسل بيانات الاعتماد إلى { $server } دون تشفير
url-malformed = ليس على الصيغة {"\u2066"}https://host[:port][/path]{"\u2069"}
url-no-host = ينقصه اسم المضيف
url-user-info = يحتوي على اسم مستخدم أو كلمة مرور
url-query = يحتوي على استعلام (query) أو جزء (fragment)
url-odd-host = اسم المضيف غير مكتوب بصورته المعتادة
url-not-ascii = في اسم المضيف محارف من خارج ASCII
url-odd-port = المنفذ ليس عددًا بسيطًا من 1 إلى 65535
url-odd-path = المسار غير مكتوب بصورته المعتادة
url-ssh = هو عنوان SSH، يستعمل git فيه مفتاحًا ولا يسأل أي مساعد؛ وعبر https هو { $https }
url-too-long = هو أطول من أي اسم مضيف أو ملف

grant-empty = إنه فارغ؛ يكون المنح {"\u2066"}`fetch URL`{"\u2069"} أو {"\u2066"}`push URL REFS`{"\u2069"} أو {"\u2066"}`GET URL/**`{"\u2069"} أو {"\u2066"}`ANY URL/**`{"\u2069"}
grant-too-long = هو أطول من 1024 بايت
grant-invisible = فيه محارف لا تُرى
grant-kind = يبدأ بـ { $word }؛ يبدأ المنح بـ {"\u2066"}`fetch`{"\u2069"} أو {"\u2066"}`push`{"\u2069"} أو {"\u2066"}`ANY`{"\u2069"} أو بطرق بحروف كبيرة مثل {"\u2066"}`GET,POST`{"\u2069"}
grant-method = لا يُمرَّر أي استدعاء بالطريقة { $word }
grant-no-repository = ينقصه المستودع: اكتب عنوانه، مثل {"\u2066"}`https://git.example/org/app`{"\u2069"}
grant-url = { $url }: { $reason }
grant-repository = { $url } لا يسمّي مستودعًا؛ صيغته {"\u2066"}`https://git.example/org/app`{"\u2069"}
grant-no-refs = ينقصه ما يجوز دفعه: فرع، أو كل ما يبدأ بالمثل، مثل {"\u2066"}`agent/*`{"\u2069"}
grant-ref-name = { $name } ليس اسمًا يعرفه git لفرع أو مرجع
grant-ref-star = { $name }: لا تقع {"\u2066"}`*`{"\u2069"} إلا في النهاية، وتشمل هناك الشرطات المائلة أيضًا
grant-ref-magic = { $name }: خارج الفروع والوسوم والملاحظات يُكتب المرجع كاملًا، لأن بعضها أوامر للخادم
grant-word = يتبع المراجعَ { $word }، ولا معنى هناك إلا لـ {"\u2066"}`new`{"\u2069"} و{"\u2066"}`grow`{"\u2069"} و{"\u2066"}`delete`{"\u2069"}
grant-new-and-grow = يشمل {"\u2066"}`grow`{"\u2069"} {"\u2066"}`new`{"\u2069"}: اكتب أحدهما
grant-no-pattern = ينقصه ما يجوز استدعاؤه، مثل {"\u2066"}`https://api.example/v1/**`{"\u2069"}
grant-pattern = { $url } ليس مسارًا كما يُرسَل: {"\u2066"}`https://`{"\u2069"} ومضيف ومقاطع كاملة بلا استعلام
grant-pattern-star = { $url }: تكون {"\u2066"}`*`{"\u2069"} مقطعًا كاملًا، وتقع {"\u2066"}`/**`{"\u2069"} في النهاية
grant-git-path = { $url } مسار من مسارات git: اكتب {"\u2066"}`fetch`{"\u2069"} أو {"\u2066"}`push`{"\u2069"} والمستودع
grant-too-many-words = يستمر بـ { $word } حيث لا يتبع شيء
grant-too-many = هناك أكثر من 100 منح
grant-missing = لم يُمنح هذا؛ يلزم المنح { $grant }
git-path-called = هذا مسار من مسارات git لا يشمله منح الاستدعاءات أبدًا؛ يلزم {"\u2066"}`fetch`{"\u2069"} أو {"\u2066"}`push`{"\u2069"} مع المستودع
odd-call = هذا المسار أو هذه الطريقة غير مكتوبين كما يمكن لمنح أن يكون
bad-grant = { $grant } ليس منحًا: { $reason }
no-grants = لم يُذكر أي منح، وبدونه لا يسمح الرمز بشيء
hint-grant-missing = منح الرمز هي كل ما يستطيعه؛ يقول {"\u2066"}loom why --push{"\u2069"} أو {"\u2066"}--call{"\u2069"} ما يلزم
hint-git-path-called = اكتب المنح هكذا: {"\u2066"}`fetch https://git.example/org/app`{"\u2069"} أو {"\u2066"}`push https://git.example/org/app agent/*`{"\u2069"}
hint-odd-call = اكتب المسار كما هو عند الخادم بلا شرطات أو نقاط مرمّزة، والطريقة بحروف كبيرة
hint-bad-grant = انظر {"\u2066"}man loom-grants{"\u2069"}؛ أمثلة: {"\u2066"}`push https://git.example/org/app agent/*`{"\u2069"} و{"\u2066"}`GET https://api.example/v1/**`{"\u2069"}
only-unavailable = الخيار {"\u2066"}--only{"\u2069"} غير متاح هنا، فلم يُشغَّل الأمر
only-failed = تعذر عزل الأمر فلم يُشغَّل: { $step }: { $error }
hint-only-unavailable = يلزم {"\u2066"}Linux{"\u2069"} ومجلد ملفات مؤقتة غير مخفي؛ وتفي بذلك أيضًا حاوية لها مقبس خاص
hint-only-failed = يلزم السماح بفضاءات المستخدمين: {"\u2066"}sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0{"\u2069"}؛ وفي حاوية أعطها مقبسًا خاصًا
exec-allowed = مسموح: { $grant }
agent-too-old = الوكيل العامل لا يعرف المنح، فلم يُطلب منه شيء
exec-no-ssh = loom: SSH معطل هنا: لا يوصل إلا إلى ما مُنح، وعبر https
no-socket = واجهة GitHub البرمجية ممنوحة، ولا مقبس هنا يصل به gh إليها
remote-with-password = في عنوان بعيد من هذا المجلد كلمة مرور سيستعملها git خارج المنح: { $repository }
not-led = بسبب قاعدة لك (insteadOf أو pushInsteadOf) لا يمر git عبر loom إلى { $repository }
relay-failed = تعذر فتح منفذ في هذا الجهاز للأمر: { $error }
hint-agent-too-old = شغّل وكيل هذا الإصدار: {"\u2066"}loom agent restart{"\u2069"}
field-allowed = المسموح:
unknown-grants = لا توجد منح باسم { $name } في الإعدادات
no-origin = المنح بلا عنوان يعني المستودع الموجود هنا، ولا يوجد مستودع له بعيد باسم origin
odd-origin = البعيد في هذا المجلد، { $url }، ليس عنوان مستودع عبر https أو SSH
hint-unknown-grants = أضف {"\u2066"}[[grants]]{"\u2069"} مع {"\u2066"}name = "{ $name }"{"\u2069"} و{"\u2066"}allow = ["…"]{"\u2069"} إلى {"\u2066"}config.toml{"\u2069"}
hint-no-socket = احذف المنح، أو اجعل TMPDIR قصيرًا
hint-remote-with-password = أزلها بالأمر {"\u2066"}git remote set-url{"\u2069"}، ثم سجّل الدخول: {"\u2066"}loom login{"\u2069"}
hint-not-led = احذف القاعدة من إعدادات git: {"\u2066"}git config --show-origin --get-regexp insteadof{"\u2069"}
hint-no-origin = اكتب المستودع كاملًا، مثل {"\u2066"}`push https://git.example/org/app agent/*`{"\u2069"}
hint-server = حدّد خادمًا بالخيار {"\u2066"}--server URL{"\u2069"}، أو عيّن خادمًا افتراضيًا: {"\u2066"}loom config set-default-server URL{"\u2069"}
hint-server-form = اكتبه على غرار https://git.example أو https://git.example:8443/base
hint-a-label = إن كان هذا هو الخادم المقصود فاكتب { $host }
hint-allow-http = استخدم https، أو اسمح بالاتصال غير المشفّر بهذا الخادم في config.toml: {"\u2066"}[[server]] url = "{ $server }", allow_http = true{"\u2069"}

## Status

head-server = الخادم
head-account = الحساب
head-kind = النوع
head-stored-in = مكان الحفظ
head-expires = تاريخ الانتهاء
head-state = الحالة
head-scopes = النطاقات
renews-itself = تتجدد تلقائيًا
when-now = { $time }، الآن
when-far = { $time }
when-in-minutes =
    { $count ->
        [one] { $time }، بعد دقيقة واحدة
        [two] { $time }، بعد دقيقتين
        [few] { $time }، بعد { $count } دقائق
        [many] { $time }، بعد { $count } دقيقة
       *[other] { $time }، بعد { $count } دقيقة
    }
when-minutes-ago =
    { $count ->
        [one] { $time }، قبل دقيقة واحدة
        [two] { $time }، قبل دقيقتين
        [few] { $time }، قبل { $count } دقائق
        [many] { $time }، قبل { $count } دقيقة
       *[other] { $time }، قبل { $count } دقيقة
    }
when-in-hours =
    { $count ->
        [one] { $time }، بعد ساعة واحدة
        [two] { $time }، بعد ساعتين
        [few] { $time }، بعد { $count } ساعات
        [many] { $time }، بعد { $count } ساعة
       *[other] { $time }، بعد { $count } ساعة
    }
when-hours-ago =
    { $count ->
        [one] { $time }، قبل ساعة واحدة
        [two] { $time }، قبل ساعتين
        [few] { $time }، قبل { $count } ساعات
        [many] { $time }، قبل { $count } ساعة
       *[other] { $time }، قبل { $count } ساعة
    }
when-in-days =
    { $count ->
        [one] { $time }، بعد يوم واحد
        [two] { $time }، بعد يومين
        [few] { $time }، بعد { $count } أيام
        [many] { $time }، بعد { $count } يومًا
       *[other] { $time }، بعد { $count } يوم
    }
when-days-ago =
    { $count ->
        [one] { $time }، قبل يوم واحد
        [two] { $time }، قبل يومين
        [few] { $time }، قبل { $count } أيام
        [many] { $time }، قبل { $count } يومًا
       *[other] { $time }، قبل { $count } يوم
    }
kind-basic = كلمة مرور
kind-token = رمز مميز
kind-oauth = OAuth
in-keyring = حلقة المفاتيح
in-file = الملف
in-memory = الذاكرة
state-valid = صالحة
state-accepted = يقبلها الخادم
state-unknown = صالحة، دون تأكيد من الخادم
state-expired = منتهية
state-unchecked = لم يُتحقق منها
state-unchecked-unknown = لم يُتحقق منها، والخادم لا يقول
state-and-default = { $state }، الافتراضية
state-ends-in-days = تنتهي خلال { $days } أيام
state-ends-in-hours = تنتهي خلال { $hours } ساعة
refused-what-now = تُجرَّب الجلسة المرفوضة مرة أخرى بعد خمس دقائق إن لم يناسب غيرها، وفورًا إن قبلها الخادم: {"\u2066"}loom status --check --server { $server }{"\u2069"}
state-refused = مرفوضة، سجّل الدخول من جديد

why-user = يسمّي git المستخدم { $user }.
why-organization = { $user } مؤسسة هناك، وهذا هو الحساب الوحيد الذي لم يُسمِّه أحد.
why-person = يسمّي git { $user }، وهو من سجّل الدخول هناك.
why-configured-user = يأتي هذا الاسم من إعدادات git، ‏credential.username: { $user }
why-asked-before = يسأل git هؤلاء قبل loom، ويأخذ أول إجابة تصله: { $helpers }
why-rule = هكذا تنص قاعدة: لأجل { $subject } يُستخدم الحساب { $user }.
why-path = إنه محفوظ للمسار { $path }، وهو أطول مسار مطابق.
why-oldest = هو الأقدم بين الحسابات المطابقة، وعددها { $count }.
why-only = إنه الحساب الوحيد المطابق.
why-second-origin = تتيح الإعدادات جلسة { $server } عند { $url }.
why-none = لا توجد جلسة مفتوحة هناك.
why-none-second-origin = تتيح الإعدادات جلسة { $server } عند { $url }، ولا توجد جلسة مفتوحة هناك.
why-none-user = لا يوجد حساب للمستخدم { $user }.
why-none-shared = عدة جلسات تخص { $user }؛ اذكر واحدة منها بحسابها.
why-none-emptied = لا يسأل git برنامج loom هناك: إعداداته تفرّغ قائمة المساعدين. {"\u2066"}loom setup git --server { $server }{"\u2069"}
why-none-password = في العنوان كلمة مرور، ويستخدمها git دون أن يسأل أحدًا.
why-none-rule = تطلب قاعدةٌ الحساب { $user } لأجل { $subject }، وهو غير موجود.
why-none-usable = ما هو محفوظ انتهت صلاحيته أو رفضه الخادم؛ سجّل الدخول من جديد.
why-none-cleartext = ستصل بيانات الاعتماد إلى { $server } دون تشفير، وهذا غير مسموح به.
why-not-refused = رفضه الخادم؛ سجّل الدخول من جديد
why-not-expired = انتهت صلاحيته؛ سجّل الدخول من جديد
why-not-first = مطابق أيضًا، لكن الآخر يسبقه
why-not-path = محفوظ لمسار آخر: { $path }
why-not-user = يخص مستخدمًا آخر
why-needs-path = تعتمد قاعدة على المسار، ولا يذكره git من تلقاء نفسه: {"\u2066"}git config --global credential.{ $server }.useHttpPath true{"\u2069"}
why-not-set-up = لم يُضبط git ليسأل loom: {"\u2066"}loom setup git{"\u2069"}
why-granted = يمنحه { $grant }
why-granted-user = كل شيء هنا لك؛ اذكر رمزًا بـ {"\u2066"}--token{"\u2069"}
why-granted-scopes = لا توجد منح، والنطاقات تسمح به
why-not-granted = لم يُمنح؛ يلزم { $grant }
why-not-granted-scopes = لا توجد منح، والنطاقات لا تسمح به
why-never-granted = لا يمكن لأي منح أن يتناول هذا: مسار git يُستدعى، أو مسار تقرؤه الخوادم قراءات مختلفة
why-changes = يجوز: { $changes }
unclaimed = توجد جلسات من إصدار Loom أقدم تنتظر أن تسمّي خوادمها بالأمر {"\u2066"}loom status --server URL{"\u2069"}: { $keys }

## The agent

agent-runs = الوكيل يعمل: العملية { $pid }، الإصدار { $version }.
agent-other-version = إصدار الوكيل {"\u2066"}{ $version }{"\u2069"} وإصدار هذا البرنامج {"\u2066"}{ $own }{"\u2069"}: {"\u2066"}loom agent restart{"\u2069"}
memory-not-locked = يمكن أن تُكتب ذاكرته في مساحة التبديل؛ إن لم تكن مشفّرة، فاضبط له {"\u2066"}LimitMEMLOCK=infinity{"\u2069"}.
agent-runs-already = يعمل وكيل آخر بالفعل
agent-stopped = توقف الوكيل. ما يحفظه في حلقة المفاتيح أو في الملف ما زال موجودًا.
agent-locked = الوكيل مقفل
now-locked = الوكيل مقفل، وكذلك كل وكيل يشاركه المخازن: لا يحتفظ أي منها بسر ولا يسلّمه.
now-locked-here = الوكيل مقفل: لا يحتفظ في ذاكرته بأي سر ولا يسلّم شيئًا. ولا يسري هذا على أي وكيل آخر لك.
now-locked-without-passphrase = لا يتطلب فتحه عبارة مرور لأنه لم تُعيَّن أي عبارة: {"\u2066"}loom store rekey --passphrase{"\u2069"}
now-unlocked = الوكيل مفتوح.
passphrase-needed = عبارة المرور مطلوبة
passphrase-pause = لا يُجاب عن العبارات الخاطئة الآن إلا بعد { $seconds } ثانية
wrong-passphrase = هذه ليست عبارة المرور
other-passphrase = تفتح عبارة المرور هذه مفتاحًا، لكنه ليس المفتاح الذي شُفّرت به بيانات الاعتماد: انقطع تغيير العبارة قبل أن يتم
hint-wrong-passphrase = حاول مجددًا؛ بعد كل خطأ تطول مدة انتظار المحاولة التالية
hint-other-passphrase = الأخرى تفتحها: إن كانت هذه هي الجديدة فالقديمة، وإلا فالجديدة
bad-passphrase = عبارة المرور سطر واحد وليست فارغة
passphrases-differ = هاتان عبارتان مختلفتان؛ لم يتغير شيء
passphrase-prompt = عبارة المرور:
new-passphrase-prompt = عبارة المرور الجديدة:
passphrase-again-prompt = مرة أخرى:
git-needs-unlock = يحتاج {"\u2066"}git{"\u2069"} إلى بيانات اعتماد، و{"\u2066"}loom{"\u2069"} مقفل.
hint-unlock = {"\u2066"}loom unlock{"\u2069"}
agent-not-running = الوكيل لا يعمل
agent-not-started = تعذّر تشغيل الوكيل: { $error }
agent-not-reached = تعذّر الوصول إلى الوكيل عبر { $path }: { $error }
agent-gone = انقطع الاتصال بالوكيل قبل أن يردّ
agent-awaited = في انتظار الوكيل…
agent-awaits = في الانتظار: { $what }
disk-awaited = لم يُجب بعدُ قرص { $path }
server-awaited = لم يُجب { $server } بعد
keyring-awaited = لم تُجب حلقة المفاتيح بعد
agent-late = لم يُجب الوكيل خلال { $seconds } ثانية
agent-stopping = الوكيل قيد الإيقاف
agent-speaks-otherwise = تعذّر فهم ردّ الوكيل
agent-silent = الوكيل لا يردّ
agent-unreachable = يمسك وكيل (العملية { $pid } على { $host }) الملف { $path } ولا يردّ هناك
agent-ended-anyway = لم يردّ الوكيل فأُنهي: العملية { $pid }.
agent-not-ended = الوكيل لا يردّ ولا يمكن إنهاؤه: العملية { $pid }
agent-unreached = شُغّل وكيل، لكنه ليس عند { $path }
agent-speaks-version = يتحدث الوكيل الإصدار { $version } من البروتوكول، وهذا البرنامج { $own }
hint-agent-silent = أنهِه وشغّل آخر: {"\u2066"}loom agent restart{"\u2069"}
hint-socket-shared =
    { SYSTEM() ->
        [windows] يحتاج كل جهاز إلى أنبوب خاص به: اجعل {"\u2066"}LOOM_AGENT_SOCK{"\u2069"} اسمًا آخر، أو {"\u2066"}LOOM_STATE_DIR{"\u2069"} مجلدًا في هذا الجهاز
       *[other] يحتاج كل جهاز إلى مقبس خاص به: اجعل {"\u2066"}XDG_RUNTIME_DIR{"\u2069"} أو {"\u2066"}LOOM_AGENT_SOCK{"\u2069"} مجلدًا في هذا الجهاز
    }
said = { $text }
socket-unsafe = استخدام مقبس الوكيل غير آمن: { $reason }
hint-start-agent = شغّله بالأمر: {"\u2066"}loom agent start{"\u2069"}
hint-agent-beside = يجب أن يكون loom-agent بجوار loom، أو في أحد مجلدات PATH
hint-restart-agent = ربما كان الوكيل من إصدار آخر: {"\u2066"}loom agent restart{"\u2069"}
hint-socket-unsafe =
    { SYSTEM() ->
        [windows] يجب أن يكون مجلده لك وحدك: أزل الآخرين في خصائصه ضمن الأمان، أو عيّن في { $variable } مسارًا داخل مجلد كهذا
       *[other] يجب أن يكون مجلده لك وحدك: نفّذ عليه {"\u2066"}chmod 700{"\u2069"}، أو عيّن في { $variable } مسارًا داخل مجلد كهذا
    }
hint-socket-place =
    { SYSTEM() ->
        [windows] اجعل الكتابة فيه ممكنة، أو عيّن في {"\u2066"}LOOM_STATE_DIR{"\u2069"} مسارًا كذلك
       *[other] اجعل الكتابة فيه ممكنة، أو عيّن في {"\u2066"}XDG_RUNTIME_DIR{"\u2069"} أو {"\u2066"}LOOM_AGENT_SOCK{"\u2069"} مسارًا كذلك
    }
hint-try-again = أعد المحاولة
hint-agent-late = اسأل مرة أخرى؛ يبيّن loom status ما يصل إليه، ويبدأ loom agent restart من جديد
not-a-request = هذا ليس طلبًا
unknown-verb = لا يعرف الوكيل الطلب { $verb }
unknown-version = لا يدعم الوكيل الإصدار { $version } من البروتوكول
token-unknown = لا يعرف الوكيل الرمز المميز الموجود في LOOM_TOKEN
hint-token-unknown = احذف المتغير LOOM_TOKEN ليُقدَّم الطلب بصلاحياتك أنت
too-many-wrong-tokens = عُرض عدد كبير من الرموز الخاطئة؛ تُسجَّل من جديد بعد { $seconds } ثانية
scope-missing = الرمز المعروض لا يملك النطاق {"\u2066"}{ $scope }{"\u2069"}
reveal-missing = لم يُصدر الرمز المعروض مع {"\u2066"}--reveal{"\u2069"}، لذا لا يُسلَّم سر الخادم نفسه
status-only = هذا الدور يطّلع فقط على من سجّل الدخول وأين؛ اطلب من مالك هذا الوكيل أن يسمّي له خوادم
hint-status-only = يكتب المالك في الإعدادات ضمن {"\u2066"}[[http.issuer]]{"\u2069"}: {"\u2066"}servers.viewer = ["https://…"]{"\u2069"}
no-role-here = ليس لـ{ $person } أي دور هنا؛ اطلب من مالك هذا الوكيل أن يعطيه دورًا
not-allowed-here = { $person } ليس ممن يجوز لهم الدخول هنا؛ راجع مالك هذا الوكيل
hint-no-role-here = يعطي المالك الأدوار في الإعدادات ضمن {"\u2066"}[[http.issuer]]{"\u2069"}: {"\u2066"}roles, default_role, allow{"\u2069"}؛ انظر {"\u2066"}man loom.toml{"\u2069"}
token-of-issuer = هذا الرمز من { $issuer }، ولا ينهيه إلا { $issuer }؛ وهو صالح هنا حتى تنتهي مدته
hint-token-of-issuer = سجّل الخروج هناك؛ أما هنا فتنتهي الجلسات والرموز المُصدرة
token-for-some-servers = الرمز المعروض لخوادم معينة فقط، وهذا يخص جميعها
hint-token-rights = اطلب ممن أصدره رمزًا بصلاحيات أوسع، أو احذف المتغير {"\u2066"}LOOM_TOKEN{"\u2069"} لتستخدم صلاحياتك
only-the-user = لا يحدّد أحد برمز أيُّ الملفات وجهات الإصدار وعبارات المرور تُعتمد هنا؛ فذلك للمستخدم وإعداداته
hint-only-the-user = أزل {"\u2066"}LOOM_TOKEN{"\u2069"} لتقول ذلك بنفسك، أو اكتبه في الإعدادات؛ انظر {"\u2066"}loom.toml(5){"\u2069"}
http-is-open = باب HTTP مفتوح عند { $url } ولم يُفتح بهذا الرمز
hint-http-is-open = استعمله هناك، أو أزل {"\u2066"}LOOM_TOKEN{"\u2069"} لتفتحه بنفسك في مكان آخر
directory-of-another = المسار { $path } يملكه مستخدم آخر، لذلك لا ينشئ loom هناك شيئًا ولا يشغّل شيئًا
hint-directory-of-another =
    { SYSTEM() ->
        [windows] شغّل loom بحساب ذلك المستخدم، أو اجعل {"\u2066"}LOOM_CONFIG_DIR{"\u2069"} و{"\u2066"}LOOM_STATE_DIR{"\u2069"} مجلدين خاصين بك
       *[other] شغّل loom بحساب ذلك المستخدم، أو بمجلد منزل خاص بك: {"\u2066"}sudo -i loom …{"\u2069"}
    }
token-too-wide = لا يُصدر رمز بصلاحيات أوسع من الذي في {"\u2066"}LOOM_TOKEN{"\u2069"}
hint-token-too-wide = اطلب نطاقات وخوادم أقل، أو احذف المتغير {"\u2066"}LOOM_TOKEN{"\u2069"}
unknown-role = لا يوجد دور باسم {"\u2066"}{ $role }{"\u2069"}
hint-unknown-role = {"\u2066"}admin, operator, viewer, auditor{"\u2069"} أو أحد {"\u2066"}[roles]{"\u2069"} في الإعدادات
scopes-or-role = يحتاج الرمز إما إلى نطاقات أو إلى دور
hint-scopes = {"\u2066"}--scopes read,write{"\u2069"} أو {"\u2066"}--role viewer{"\u2069"}؛ والنطاقات هي {"\u2066"}*, control, write, read, audit{"\u2069"}
bad-expiry = يعيش الرمز يومًا واحدًا على الأقل، وليس إلى الأبد
hint-bad-expiry = {"\u2066"}--expires 30{"\u2069"} تعني ثلاثين يومًا
lives-too-long = أقصى عدد من الأيام يعيشه رمز منك: { $most }
hint-lives-too-long = {"\u2066"}max_expiration_days{"\u2069"} في {"\u2066"}[tokens]{"\u2069"} من الإعدادات؛ ومن لا يجوز له إصدار الرموز فله {"\u2066"}default_expiration_days{"\u2069"}
bad-token-name = اسم الرمز سطر واحد من 1 إلى 255 حرفًا، كلها ظاهرة
token-replaced = جُدّد هذا الرمز من قبل: { $id } حل محله
name-of-several = عدة رموز نشطة تحمل الاسم {"\u2066"}{ $name }{"\u2069"}
hint-token-replaced = جدّد ذاك، أو سمِّ الرمز باسمه
hint-name-of-several = حدد الرمز المقصود بمعرّفه الذي يعرضه {"\u2066"}loom token list{"\u2069"}
token-name-taken = هناك رمز نشط بهذا الاسم
unauthenticated = لم يُعرض ما يدلّ على صاحب الطلب
hint-unauthenticated = أرسل {"\u2066"}Authorization: Bearer{"\u2069"} مع رمز من {"\u2066"}loom token generate{"\u2069"}
too-many-attempts = طلبات أو محاولات كثيرة جدًا؛ عُد بعد { $seconds } ثانية
form-outdated = هذا النموذج تابع لجلسة أخرى
hint-form-outdated = أعد تحميل الصفحة
code-unknown = لا أحد ينتظر بهذا الرمز
hint-code-unknown = راجع الرمز؛ فهو صالح لعشر دقائق ولمرة واحدة
sign-in-unknown = لم يبدأ تسجيل الدخول هذا في هذا المتصفح، أو استغرق وقتًا طويلًا
hint-sign-in-again = سجّل الدخول من جديد
counted-token = لا يُسجَّل الدخول برمز محدود الاستخدامات
hint-counted-token = استعمل رمزًا صدر من دون {"\u2066"}--max-uses{"\u2069"}
http-not-open = بوابة HTTP المذكورة في الإعدادات ليست مفتوحة؛ يبيّن الأمر {"\u2066"}loom serve{"\u2069"} السبب.
no-such-session = لا توجد جلسة باسم {"\u2066"}{ $id }{"\u2069"}
no-issuer = لا يوجد مزوّد معيَّن لتسجيل الدخول لديه
hint-no-issuer = حدّده في الإعدادات باسم {"\u2066"}[[http.issuer]]{"\u2069"} أو في {"\u2066"}LOOM_OIDC_ISSUER{"\u2069"}
server-crowded = لم يُسأل { $server } بعد: حسابات أخرى تسبقه
issuer-silent = سُئل { $issuer } للتو ولم يُجب
bad-issuer = { $issuer } ليس عنوان https ولا عنوان http على هذا الجهاز
no-oidc-client = المتغير {"\u2066"}LOOM_OIDC_ISSUER{"\u2069"} معيَّن، أما {"\u2066"}LOOM_OIDC_CLIENT_ID{"\u2069"} فلا
http-half-tls = تحتاج الشهادة إلى مفتاحها، والمفتاح إلى شهادته
http-bad-address = { $address } ليس عنوانًا مع منفذ
http-needs-tls = يمكن الوصول إلى { $address } من خارج هذا الجهاز، فلا بد من شهادة
http-address-trouble = تعذّر استخدام { $address }: { $error }
http-not-opened = لم تُفتح بوابة HTTP: { $reason }
hint-serve = مثلًا {"\u2066"}--listen 127.0.0.1:57374{"\u2069"}، أو {"\u2066"}--tls-cert FILE --tls-key FILE{"\u2069"} للأجهزة الأخرى
http-open = مفتوحة حتى يتوقف الوكيل. أغلقها بالأمر {"\u2066"}loom serve --stop{"\u2069"}
http-closed = بوابة HTTP مغلقة.
agent-serves = بوابة HTTP على العنوان { $url }
no-such-token = لا يوجد رمز باسم {"\u2066"}{ $name }{"\u2069"}
hint-tokens = {"\u2066"}loom token list{"\u2069"}
too-many-tokens = هناك { $most } رموز نشطة، وهذا هو الحد
hint-too-many-tokens = ألغِ أحدها بالأمر {"\u2066"}loom token revoke{"\u2069"}، أو ارفع {"\u2066"}max_active{"\u2069"} في {"\u2066"}[tokens]{"\u2069"} من الإعدادات
ledger-unreadable = {"\u2066"}{ $path }{"\u2069"} ليس قائمة رموز يستطيع هذا الإصدار قراءتها؛ لم يتغير شيء
sockets-unreadable = تعذّرت قراءة المقابس في { $path }، فلا واحد منها مفتوح
hint-ledger =
    { SYSTEM() ->
        [windows] حدّث {"\u2066"}loom{"\u2069"}، أو ضع الملف جانبًا، فتنتهي كل الرموز الصادرة: {"\u2066"}move "{ $path }" "{ $path }.old"{"\u2069"}
       *[other] حدّث {"\u2066"}loom{"\u2069"}، أو ضع الملف جانبًا، فتنتهي كل الرموز الصادرة: {"\u2066"}mv { $path } { $path }.old{"\u2069"}
    }
hint-sockets-unreadable =
    { SYSTEM() ->
        [windows] للبدء من دونها: {"\u2066"}move "{ $path }" "{ $path }.old"{"\u2069"}، ثم: {"\u2066"}loom agent restart{"\u2069"}
       *[other] للبدء من دونها: {"\u2066"}mv { $path } { $path }.old && loom agent restart{"\u2069"}
    }
socket-added = لكل من يتصل بهذا المقبس صلاحيات الرمز ولا شيء سواها: {"\u2066"}{ $path }{"\u2069"}
socket-removed = أُغلق المقبس: {"\u2066"}{ $path }{"\u2069"}
socket-is-there = هذا المقبس موجود بالفعل: {"\u2066"}{ $path }{"\u2069"}
socket-not-opened = لم يُفتح المقبس: { $reason }
socket-not-absolute = {"\u2066"}{ $path }{"\u2069"} ليس مسارًا يستطيع الوكيل فتحه
no-such-socket = لا يوجد هذا المقبس: {"\u2066"}{ $path }{"\u2069"}
socket-of-another = المقبس {"\u2066"}{ $path }{"\u2069"} لم يُضف بهذا الرمز
hint-door-of-another = أزل {"\u2066"}LOOM_TOKEN{"\u2069"} لتغلقه بنفسك
hint-socket = يجب أن يكون مجلده لك ومغلقًا أمام غيرك: {"\u2066"}mkdir -m 700 DIRECTORY{"\u2069"}
hint-sockets = {"\u2066"}loom agent socket list{"\u2069"}
one-server = الخيار {"\u2066"}--server{"\u2069"} يسمي هنا خادمًا واحدًا
internal = خطأ داخلي في loom؛ يعرض {"\u2066"}LOOM_LOG=debug loom-agent --foreground{"\u2069"} مزيدًا من التفاصيل

## Where credentials are kept

new-ones-go = تُحفظ بيانات الاعتماد الجديدة هنا: { $place }
kept-there = المحفوظ هناك، { $place }: { $count }
migrated = نُقلت: { $count }. يُحفظ كل شيء الآن هنا، بما في ذلك بيانات الاعتماد الجديدة: { $place }
rekeyed = للملف المختوم مفتاح جديد.
passphrase-set = لا يفتحه إلا عبارة المرور. إن نسيتها فلن يستطيع أحد مساعدتك.
store-passphrase = لا يُفتح الملف المشفّر إلا بعبارة مرور.
rekey-how = للملف المشفّر عبارة مرور، ويجب تحديد ما سيصير إليها
hint-rekey-how = {"\u2066"}loom store rekey --passphrase{"\u2069"} لعبارة جديدة، أو {"\u2066"}--no-passphrase{"\u2069"} للاستغناء عنها
migrate-to-memory = لا يمكن نقل بيانات الاعتماد إلى الذاكرة
migrate-fixed = شُغّل الوكيل مع {"\u2066"}LOOM_STORE{"\u2069"} الذي يحدد مكان حفظ بيانات الاعتماد
record-damaged = ما في حلقة المفاتيح عن { $account } لدى { $server } تالف
note-tokens-gone = اختفت قائمة الرموز المُصدَرة، وانتهى معها كل رمز كان فيها: { $path }
revocation-awaited = أُنهي هنا ولم يُنهَ بعد لدى الخادم الذي لم يُجب؛ يعيد الوكيل المحاولة مدة يوم: { $accounts }
revocation-given-up = أُنهي هنا وربما لم يُنهَ لدى الخادم الذي تعذّر سؤاله؛ قد يظل ما أعطاه صالحًا حتى ينتهي من تلقاء نفسه: { $accounts }
note-damaged = ما في حلقة المفاتيح عن { $account } لدى { $server } تالف: سجّل الدخول من جديد، أو سجّل الخروج لحذفه.
note-keyring-found = توجد الآن حلقة مفاتيح: من الآن تُحفظ فيها بيانات الاعتماد، وما في الملف المختوم يبقى ظاهرا.
cleartext-for-git = لا يُعطى شيء إلى { $server } لأنه سيُرسل بلا تشفير
hint-cleartext-for-git =
    إن كان هذا ما تريده، ككلمة مرور وكيل، فاكتب في {"\u2066"}config.toml{"\u2069"}:
    {"[[server]]"}
    url = "{ $server }"
    allow_http = true
keyring-locked = حلقة المفاتيح مقفلة
keyring-unavailable = تعذّر استخدام حلقة المفاتيح: { $reason }
keyring-hangs = لا تستجيب
keyring-refused = رفضت الطلب
keyring-says = { $error }
keyring-empty = ليس فيها مجموعة افتراضية
no-session-bus = لا يوجد ناقل جلسة ({"\u2066"}session bus{"\u2069"})
no-random = لا يوفّر النظام أعدادًا عشوائية: { $error }
store-damaged = الملف { $path } تالف؛ لم يُغيَّر فيه شيء
store-wrong-key = الملف { $path } مشفّر بمفتاح غير { $key }؛ لم يُغيَّر شيء
store-missing = الملف { $path } مفقود، وكانت بيانات الاعتماد محفوظة فيه
store-newer = الملف { $path } كتبه إصدار أحدث من loom؛ لم يُغيَّر شيء
store-busy = لا يجيب مخزن بيانات الاعتماد في الوقت المناسب
store-not-kept = لم يحتفظ المخزن بما كُتب فيه؛ ما كان فيه من قبل ما زال موجودًا
store-without-user = لا تُحفظ كلمة مرور بلا اسم مستخدم
file-trouble = { $path }: { $error }
file-not-plain = المسار { $path } رابط أو ليس ملفًا عاديًا
file-owner = المسار { $path } يملكه مستخدم آخر
file-mode = المسار { $path } متاح لمستخدمين آخرين
file-hard-link = للملف { $path } اسم ثانٍ في مكان آخر
file-no-file = { $path } ليس ملفًا عاديًا
file-empty = الملف { $path } فارغ
disk-silent = لم يُجب القرص خلال { $seconds } ثانية
file-too-large = سيتجاوز حجم { $path } مقدار { $size } ميبيبايت
file-locked = { $path } مقفل من عملية أخرى
file-locked-by = { $path } مقفل من العملية { $pid } ({ $program })
hint-migrate = {"\u2066"}loom store migrate --to keyring{"\u2069"}، أو {"\u2066"}--to file{"\u2069"}
hint-migrate-fixed = أزل {"\u2066"}LOOM_STORE{"\u2069"} من البيئة، ثم: {"\u2066"}loom agent restart{"\u2069"}
hint-keyring-locked = افتح قفلها (سجّل الدخول إلى سطح المكتب، أو استخدم أداة حلقة المفاتيح)، أو احفظ بيانات الاعتماد في الملف: {"\u2066"}loom config set store file{"\u2069"}
hint-keyring-unavailable = أعد المحاولة، أو احفظ بيانات الاعتماد في الملف المشفّر: {"\u2066"}loom config set store file{"\u2069"}
hint-store-damaged = {"\u2066"}loom doctor{"\u2069"} يعرض السليم فيه، و{"\u2066"}loom doctor --restore{"\u2069"} يحتفظ به
hint-store-wrong-key =
    { SYSTEM() ->
        [windows] أعد المفتاح إلى مكانه، أو ضع الملف جانبًا وسجّل الدخول من جديد: {"\u2066"}move "{ $path }" "{ $path }.old"{"\u2069"}
       *[other] أعد المفتاح إلى مكانه، أو ضع الملف جانبًا وسجّل الدخول من جديد: {"\u2066"}mv { $path } { $path }.old{"\u2069"}
    }
commands-anew = {"\u2066"}loom agent restart{"\u2069"}
commands-anew-without =
    { SYSTEM() ->
        [windows] {"\u2066"}del { $files }; loom agent restart{"\u2069"}
       *[other] {"\u2066"}rm { $files } && loom agent restart{"\u2069"}
    }
hint-store-missing = أعده من نسخة احتياطية؛ وللبدء من جديد دون ما كان فيه: {"\u2066"}{ $anew }{"\u2069"}
hint-store-missing-copy = {"\u2066"}loom doctor --restore{"\u2069"} يعيد ما بقي في نسخته وعند هذا الوكيل؛ وللبدء من جديد دونه: {"\u2066"}{ $anew }{"\u2069"}
hint-store-newer = حدّث loom
hint-file-mode =
    { SYSTEM() ->
        [windows] {"\u2066"}icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"{"\u2069"}
       *[other] {"\u2066"}chmod go= { $path }{"\u2069"}
    }
hint-file-unsafe =
    { SYSTEM() ->
        [windows] افحص مالكه وأذوناته (الخصائص، الأمان)، وانقله إلى مكان آخر إن لم تكن أنت من أنشأه
       *[other] افحصه بالأمر {"\u2066"}ls -l{"\u2069"}، وانقله إلى مكان آخر إن لم تكن أنت من أنشأه
    }
hint-file-io = تحقّق من المساحة الخالية على القرص ومن الأذونات، ثم أعد المحاولة
hint-stdout-failed = تحقق من وجهته: قرص ممتلئ أو برنامج انتهى
hint-disk-silent = تحقّق من القرص أو من الخادم الذي هو عليه؛ ويبدأ loom agent restart من جديد
hint-file-too-large = سجّل الخروج مما لم تعد تحتاج إليه (loom logout)، أو خزّن أقل
hint-file-locked = انتظر انتهاء تلك العملية أو أنهِها، ثم أعد المحاولة

## The doctor

doctor-door = تصل إليه برامج هذا الجهاز عند { $path }.
doctor-door-kept = تصل إليه برامج هذا الجهاز عند { $path }، حيث يستمع { $keeper } نيابةً عنه.
doctor-keyring = حلقة المفاتيح هي { $name }؛ تُحفظ فيها بيانات الاعتماد الجديدة.
doctor-keyring-idle = حلقة المفاتيح هي { $name }؛ تُحفظ بيانات الاعتماد الجديدة في مكان آخر.
doctor-file-absent = لا يوجد ملف مشفّر في { $path }.
doctor-file-whole = الملف المشفّر { $path } سليم: { $count } من السجلات.
doctor-file-locked = الملف المشفّر {"\u2066"}{ $path }{"\u2069"} مقفل: {"\u2066"}loom unlock{"\u2069"}
doctor-file-damaged = الملف المشفّر { $path } تالف. السجلات التي يمكن استعادتها: { $count }
doctor-file-missing = الملف المشفّر { $path } مفقود. السجلات التي يعيدها {"\u2066"}loom doctor --restore{"\u2069"}: { $count }
doctor-restore = يضعه الأمر {"\u2066"}loom doctor --restore{"\u2069"} جانبًا وينشئ ملفًا جديدًا من هذه السجلات.
doctor-put-aside = الملف التالف محفوظ في { $path }.
doctor-file-closed = لا يمكن فحص الملف المشفّر { $path }.

## The audit log

audit-whole = { $file } سليم: { $count } من القيود منذ { $since }. نهاية سلسلته: { $head }
audit-empty = لا قيود في { $file } بعد.
audit-dropped = قبل ذلك حُذفت ملفات عددها { $files } وفيها { $entries } من القيود، إذ لا يُحتفظ بأكثر.
audit-missing = بداية { $file } مفقودة: ما كان قبل { $since } لم يحذفه loom.
audit-cut = أسطر قطعها عطل: { $count }. لا ينقص أي قيد بسببها.
audit-broken = السجل ليس كما كُتب، ابتداءً من هنا: { $place }
audit-unreadable = تعذّرت قراءة سجل التدقيق: { $error }
audit-unwritable = تعذّرت كتابة سجل التدقيق: { $error }
hint-audit-unwritable = تأكد من وجود مساحة على القرص ومن أن مجلد السجل لك: لا تُمنح لأحد حقوق لا يعلم بها السجل
audit-not-written = سجل التدقيق لا يُكتب منذ { $since }: { $reason } (قيود تنتظر في الذاكرة: { $waiting }، وضائعة: { $lost })

## Networks

no-tls = تعذّر إنشاء اتصالات آمنة: { $reason }
no-answer-within = لم يصل ردّ خلال { $seconds } ثانية
answer-too-long = الردّ طويل جدًا
answer-trouble = يواجه مشكلة ({"\u2066"}HTTP { $status }{"\u2069"})
answer-redirects = يعيد التوجيه إلى مكان آخر، ولا تُتّبع إعادة التوجيه
tls-file-empty = لا يحتوي الملف { $path } على أي شهادة
tls-key-alone = { $path } مفتاح من دون {"\u2066"}client_certificate{"\u2069"} الخاص به
tls-file-bad = تعذّر استخدام الملف { $path }: { $error }
tls-cert-expired = انتهت صلاحية الشهادة في { $path } في { $date }: استبدلها
tls-cert-expires = تنتهي صلاحية الشهادة في { $path } في { $date }
tls-cert-early = الشهادة في { $path } غير صالحة قبل { $date }
tls-key-readable =
    { SYSTEM() ->
        [windows] يستطيع آخرون قراءة المفتاح { $path }: {"\u2066"}icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"{"\u2069"}
       *[other] يستطيع آخرون قراءة المفتاح { $path }: {"\u2066"}chmod 600 { $path }{"\u2069"}
    }
tls-not-used = لا يُستخدم الملف الجديد { $path }، وتبقى الشهادة السابقة: { $reason }
proxy-bad = تعذّر استخدام الوكيل في { $variable }
hint-proxy-bad = اكتبه هكذا {"\u2066"}http://HOST:PORT{"\u2069"} أو ألغه؛ {"\u2066"}[[server]] proxy{"\u2069"} في الإعدادات يسبقه
agent-of-other-home = لدى هذا الوكيل إعدادات ومخزن غير ما تقصده
hint-agent-of-other-home = {"\u2066"}LOOM_AGENT_SOCK{"\u2069"} يسمّي مقبس وكيلك، أو ألغه
network-says = { $error }

## استدعاء واجهات البرمجة

api-waiting = يطلب الخادم الانتظار { $seconds } ثانية؛ جارٍ الانتظار…
api-refused = رفض { $server } الاستدعاء ({"\u2066"}HTTP { $status }{"\u2069"})
api-refused-because = رفض { $server } الاستدعاء ({"\u2066"}HTTP { $status }{"\u2069"}): { $detail }
api-scope-missing = رفض { $server } الاستدعاء، إذ تنقص الجلسة النطاق {"\u2066"}{ $scope }{"\u2069"}
hint-api-scope-missing = سجّل الدخول بهذا النطاق، أو اذكر حسابًا يملكه: {"\u2066"}--account USER{"\u2069"}
hint-api-too-many = لا يقبل مزيدًا من الاستدعاءات الآن؛ أعد المحاولة لاحقًا
proxy-no-grants = الوكيل للرموز التي لها مِنَح، ولا توجد أي منحة
hint-proxy-no-grants = loom exec --allow GRANT -- CMD، أو loom token generate NAME --allow GRANT
proxy-nothing-there = لم يُمنح شيء عند { $host }
hint-proxy-nothing-there = سمِّ الخادم بوصفه المضيف أو أول جزء من المسار، كما في المِنَح
proxy-not-shown-to-grow = لا يجوز لـ { $name } إلا أن ينمو، ولم يثبت ذلك
hint-proxy-not-shown-to-grow = ابنِ على ما هو موجود الآن (git pull --rebase)؛ فالفرع المعاد كتابته لا يُقبل
proxy-granted-here = الممنوح هنا: { $grant }
proxy-push-whole = لم يُدفع لأن مرجعا آخر رُفض
proxy-link-refused = لا يذهب loom إلى حيث يقول الخادم إن الملف موجود
proxy-file-status = أجاب مكان الملف بالحالة { $status }
proxy-odd-git = تُمرَّر طلبات git بشكلها المعتاد فقط
hint-proxy-odd-git = يعمل fetch وpush عبر HTTP الذكي؛ أما الأرشيف والبروتوكول البسيط فلا
proxy-not-over-frames = لا يستطيع هذا الاتصال حمل طلبات برامج أخرى
hint-proxy-not-over-frames = عند باب HTTP تُرسل إلى ‎/via/HOST/PATH
proxy-ambiguous = يمكن قراءة الطلب بطريقتين
proxy-nothing-shown = لا يُظهر الطلب أي رمز
hint-proxy-nothing-shown = أظهره بواسطة Authorization: Bearer أو ككلمة مرور Basic
proxy-not-the-token = ما يُظهره الطلب ليس الرمز المعتبر هنا
proxy-encoding = للمتن ترميز لا يُقرأ هنا
proxy-body = لا يُمرَّر المتن: { $why }
proxy-led-elsewhere = يقود { $server } إلى { $to }، حيث لم يُمنح شيء
hint-proxy-led-elsewhere = امنح ذلك المكان أيضا إن كان هو المقصود، واطلب هناك
proxy-form = يمكن للنموذج أن يسمي طريقة أخرى، فيحتاج إلى منحة لكل الطرق
hint-proxy-form = أرسل JSON، أو اطلب منح ANY لهذا المسار
proxy-not-gits = لم يُجب { $server } كما يجيب خادم git
proxy-no-link = لا يوجد رابط كهذا إلى ملف كبير، أو لم يعد موجودا
hint-proxy-no-link = اطلب الملف مرة أخرى
proxy-token-in-url = يوجد رمز في عنوان URL، حيث تدوّنه الخوادم
hint-proxy-token-in-url = احذفه: فالوكيل يُظهر رمزه
api-odd-path = هذا ليس مسارًا كما يُكتب في العناوين
hint-api-odd-path = اكتبه مثل {"\u2066"}/api/tasks?limit=5{"\u2069"}، وما ليس {"\u2066"}ASCII{"\u2069"} والمسافات مثل {"\u2066"}%20{"\u2069"}؛ بلا {"\u2066"}#{"\u2069"} وبلا {"\u2066"}..{"\u2069"} أيًّا كان ترميزها
api-elsewhere = هذا ليس في { $server } ولا تحته، والجلسة لا تذهب إلى سواه
hint-api-elsewhere = اذكر الخادم الذي ينتمي إليه: {"\u2066"}--server URL{"\u2069"}
api-bad-header = {"\u2066"}{ $name }{"\u2069"} ليست ترويسة كما في {"\u2066"}HTTP{"\u2069"}
api-header-refused = الترويسة {"\u2066"}{ $name }{"\u2069"} لا يرسلها إلا الوكيل
hint-api-header-refused = احذفها: الوكيل هو من يقول من يطلب وكيف
api-header-underscore = في الترويسة {"\u2066"}{ $name }{"\u2069"} شرطة سفلية، وتقرؤها بعض الخوادم شرطة عادية
hint-api-header-underscore = إن كان هذا قصدك: {"\u2066"}{ $plain }{"\u2069"}
api-header-unknown = لا يجوز لرمز أن يرسل الترويسة {"\u2066"}{ $name }{"\u2069"} إلى { $server }
hint-api-header-unknown = قد تقول من يطلب أو إلى أين يذهب الاستدعاء؛ يسمح بها المالك بكتابة {"\u2066"}api_headers = ["{ $name }"]{"\u2069"} في {"\u2066"}[[server]]{"\u2069"} مع {"\u2066"}url = "{ $server }"{"\u2069"}
api-parameter-refused = يجعله المعامل {"\u2066"}{ $name }{"\u2069"} استدعاءً غير المطلوب
hint-api-parameter-refused = احذفه، واذكر الطريقة نفسها
api-bad-method = {"\u2066"}{ $method }{"\u2069"} ليست طريقة يمكن استعمالها
api-no-account-may = لا حساب في { $server } يملك النطاق {"\u2066"}{ $scope }{"\u2069"} الذي يحتاج إليه هذا الاستدعاء
hint-api-no-account-may = يعرض {"\u2066"}loom status{"\u2069"} النطاقات؛ سجّل الدخول بنطاقات أكثر، أو احفظ هناك رمزًا آخر
api-beyond-scope = يحتاج هذا الاستدعاء إلى النطاق {"\u2066"}{ $scope }{"\u2069"}، وهو أبعد من {"\u2066"}--scope{"\u2069"}
hint-api-beyond-scope = احذف {"\u2066"}--scope{"\u2069"} أو سمّ نطاقًا أوسع
api-not-repeated = رفض { $server } الرمز، وقد جُدّد الآن؛ لكن ما أُرسل لا يمكن أن يُقرأ مرة أخرى
api-body-unreadable = تعذّرت قراءة ما يُراد إرساله: { $error }
api-bad-field = {"\u2066"}{ $field }{"\u2069"} ليس وسيطًا على الشكل {"\u2066"}KEY=VALUE{"\u2069"} يوافق غيره
hint-api-bad-field = مثلًا {"\u2066"}-f title=Hello -F count=3 -f 'owner[name]=alice' -f 'tags[]=new'{"\u2069"}
api-bad-selection = {"\u2066"}{ $text }{"\u2069"} ليس مسارًا يستطيع {"\u2066"}loom{"\u2069"} أن يختار به
hint-api-bad-selection = مثلًا {"\u2066"}.name{"\u2069"} أو {"\u2066"}.items[0]{"\u2069"} أو {"\u2066"}.items[].id{"\u2069"}؛ ولما هو أكثر مرّر الجواب إلى {"\u2066"}jq{"\u2069"}
api-not-json = الجواب ليس {"\u2066"}JSON{"\u2069"}، فلا يمكن اختيار شيء منه
api-selection-unfit = ليس في الجواب شيء من نوع ما يُراد اختياره
api-paginate-reads = لا يُستعمل {"\u2066"}--paginate{"\u2069"} إلا مع {"\u2066"}GET{"\u2069"}
api-bad-link = يسمّي { $server } صفحة تالية لا معنى لها

## رموز خادم

server-token-kept = حُفظ في الوكيل بوصفه الحساب {"\u2066"}{ $account }{"\u2069"} في { $server }.
server-token-revoked = أُلغي في { $server }: {"\u2066"}{ $name }{"\u2069"}.
server-token-other = أعطى { $server } رمزًا غير المطلوب، بالنطاقات {"\u2066"}{ $scopes }{"\u2069"}؛ وقد أُلغي في الحال
server-token-other-kept = أعطى { $server } رمزًا غير المطلوب، بالنطاقات {"\u2066"}{ $scopes }{"\u2069"}، ولا يلغيه: {"\u2066"}{ $id }{"\u2069"}
server-token-odd = لا يجيب { $server } كما تجيب الخوادم التي لها مثل هذه الرموز
account-taken = في { $server } حساب باسم {"\u2066"}{ $account }{"\u2069"} من قبل
hint-account-taken = سمِّ الرمز اسمًا آخر، أو سجّل الخروج من ذلك الحساب أولًا

## Settings

config-invalid = الملف { $path } غير صالح: { $error }
unknown-setting = لا يوجد إعداد باسم { $key }
unknown-store = قيمة LOOM_STORE هي { $name }، وليست إحدى القيم auto أو keyring أو file أو memory
path-not-absolute = المسار في { $variable } ليس مطلقًا: { $path }
no-home = لا يوجد مجلد منزل للمستخدم: عيّن {"\u2066"}HOME{"\u2069"}، أو {"\u2066"}LOOM_CONFIG_DIR{"\u2069"} و{"\u2066"}LOOM_STATE_DIR{"\u2069"}
variable-too-long = المسار في { $variable } أطول مما يسعه مقبس، وهو { $limit } بايت على الأكثر: { $path }
socket-too-long = { $path } أطول مما يسعه مقبس، وهو { $limit } بايت على الأكثر
hint-path-variable = يحدد { $variable } مكانه: عيّن فيه مكانًا لك
hint-config = صحّح الملف؛ تعرض الصفحة {"\u2066"}man loom.toml{"\u2069"} ما يمكن أن يحتوي عليه
hint-settings = الإعدادات هي: { $known }

## Git

tool-helper-usage = تشغّل أداة أخرى هذا البرنامج؛ ونادرًا ما تحتاج إلى تشغيله بنفسك
hint-tool-helper-usage = { $usage }؛ لإعداده: {"\u2066"}loom setup TOOL{"\u2069"}
git-helper-usage = يشغّل git هذا البرنامج؛ ونادرًا ما تحتاج إلى تشغيله بنفسك
hint-git-helper-usage = {"\u2066"}git-credential-loom get|store|erase|capability{"\u2069"}؛ لإعداده: {"\u2066"}loom setup git{"\u2069"}
git-input-refused = رُفض طلب git: { $reason }
git-input-timeout = لم يصل أي طلب عبر الدخل القياسي
nobody-to-ask = يلزم رمز مميز، ولا توجد طرفية لطلبه
hint-nobody-to-ask = مرّره عبر الدخل القياسي للأداة
git-too-long = طويل جدًا
git-truncated = ينتهي في منتصف سطر
git-no-equals = فيه سطر بلا علامة «=»
git-control = فيه سطر يحتوي على محرف تحكم
git-not-utf8 = فيه قيمة ليست بترميز UTF-8
git-contradiction = يذكر السمة نفسها مرتين بقيمتين مختلفتين
git-incomplete = ينقصه البروتوكول أو المضيف
git-bad-url = قيمة url فيه ليست على الصيغة {"\u2066"}protocol://[user@]host[/path]{"\u2069"}
secret-not-sayable = لا يمكن التعبير عن بيانات الاعتماد المحفوظة بصيغة git؛ سجّل الدخول من جديد
hint-git-input = المتوقع أسطر من الشكل {"\u2066"}key=value{"\u2069"} يليها سطر فارغ؛ راجع {"\u2066"}man git-credential{"\u2069"}
git-not-there = لم يكن loom موجودًا في { $key }.
git-order = يسأل git مساعديه بهذا الترتيب إلى أن يجيب أحدهم: { $helpers }
git-left-out = لأجل { $url } لا يسأل git برنامج loom، لأن قائمة مساعديه تُفرَّغ هناك: {"\u2066"}{ $command }{"\u2069"}
git-left-out-everywhere = لا يسأل git برنامج loom، لأن قائمة مساعديه تُفرَّغ لاحقًا: {"\u2066"}{ $command }{"\u2069"}
git-store-in-clear = يكتب المساعد store كل كلمة مرور تصله في ملف غير مشفّر؛ ولإزالته: {"\u2066"}git config --global --unset-all credential.helper store{"\u2069"}
git-removed = أُزيل loom من { $key }.
git-missing = تعذّر تشغيل git: { $error }
git-refused = لم يغيّر git إعداداته: { $error }
git-silent = لم يجب git خلال { $seconds } ثانية
hint-git-missing = ثبّت git، أو أضف مجلده إلى PATH
netrc-unsayable = لا يمكن أن يرد اسم المستخدم أو السر كما هو في ملف {"\u2066"}netrc{"\u2069"}
no-access-key = ما هو محفوظ للخادم { $server } ليس مفتاح وصول
hint-no-access-key = {"\u2066"}loom login --server { $server } --account KEY-ID --with-token{"\u2069"}
at-login-added = يُشغَّل الوكيل كلما سجّلت الدخول: { $place }
at-login-removed = لم يعد الوكيل يُشغَّل عند تسجيل دخولك: حُذف { $place }.
at-login-goes-on = ما شُغِّل عند تسجيل دخولك قد يستمر حتى تسجّل الخروج: { $error }
at-login-absent = لا شيء مما كتبه loom يشغّل الوكيل عند تسجيل دخولك.
agent-missing = البرنامج loom-agent غير مثبّت بجوار loom
at-login-of-another = لم يكتب loom المسار { $path }، فيتركه كما هو
hint-at-login-of-another = استخدم الموجود، أو انقله إلى مكان آخر ثم أعد المحاولة
at-login-no-home = لا يوجد مجلد منزل ليُكتب فيه
at-login-refused = البرنامج { $program } لا يفعل ذلك: { $error }
hint-at-login-refused = اجعل جلستك تشغّل loom-agent عند بدئها؛ وإلا شغّله أول أمر يحتاج إليه
not-in-windows = هذا ليس WSL: لا يوجد Windows حوله يمكن تسمية مساعده
kube-no-cluster = لا يذكر {"\u2066"}kubectl{"\u2069"} إلى أي عنقود يُرسل الرمز المميز
kube-not-lent = يريد {"\u2066"}kubeconfig{"\u2069"} إرسال الرمز المميز الخاص بـ { $server } إلى { $cluster }، وإعداداتك لا تعيره إياه
kube-unread = ما يرد في {"\u2066"}KUBERNETES_EXEC_INFO{"\u2069"} غير مفهوم
windows-helper-missing = البرنامج {"\u2066"}git-credential-loom.exe{"\u2069"} ليس في أي مجلد من PATH
hint-windows-helper-missing = ثبّت loom على Windows في مجلد من PATH الخاص به، ويأخذه WSL ما لم تقل {"\u2066"}/etc/wsl.conf{"\u2069"}: {"\u2066"}appendWindowsPath=false{"\u2069"}
no-such-header = لا يمكن إرسال المحفوظ لأجل { $server } في ترويسة من نوع { $scheme }
not-kept = لا يُحفظ شيء للخادم { $server }: إما أنه انتهى، أو لا تسمح به الإعدادات أو الرمز في {"\u2066"}LOOM_TOKEN{"\u2069"}
hint-not-kept = {"\u2066"}loom why { $server }{"\u2069"} يبيّن ما تقوله الإعدادات
hint-kube-no-cluster = ضع {"\u2066"}provideClusterInfo: true{"\u2069"} في كتلة {"\u2066"}exec{"\u2069"} من {"\u2066"}kubeconfig{"\u2069"}
hint-kube-not-lent = إن كان هذا ما تريده فاكتب في {"\u2066"}config.toml{"\u2069"}: {"\u2066"}[[server]] url = "{ $cluster }", login = "{ $server }"{"\u2069"}
hint-kube-unread = اجعل قيمة {"\u2066"}apiVersion{"\u2069"} في كتلة {"\u2066"}exec{"\u2069"} من {"\u2066"}kubeconfig{"\u2069"} هي {"\u2066"}client.authentication.k8s.io/v1{"\u2069"}
hint-netrc-unsayable = يطبعه {"\u2066"}loom token --header{"\u2069"} للأمر {"\u2066"}curl -H @-{"\u2069"}
hint-setup-file = اجعله ملفًا لك باسم واحد ثم أعد المحاولة
hint-setup-takes-no-server = احذف {"\u2066"}--server{"\u2069"}
hint-setup-unknown-server = اكتب الخادم أولًا في إعدادات الأداة ثم أعد المحاولة
hint-setup-tool-failed = أصلح ما تقوله، أو ضعها في {"\u2066"}PATH{"\u2069"}، ثم أعد المحاولة
helper-missing = البرنامج git-credential-loom غير مثبّت بجوار loom
hint-helper-missing = ثبّت البرامج الثلاثة في مجلد واحد
setup-is-done = { $tool } يسأل loom بالفعل.
setup-not-there = { $tool } لا يسأل loom؛ لم يتغيّر شيء في { $path }.
setup-restored = عاد { $path } كما كان.
setup-taken-out = تغيّر { $path } منذ ذلك الحين؛ يُزال ما كتبه loom فقط.
setup-block-taken-out = لم يعد { $tool } يسأل loom: أُزيلت كتلته من { $path }، وقد كتبه { $tool } بتنسيقه الخاص.
setup-not-in-path = لا يؤدي PATH إلى { $program } الخاص بـ loom: ضع فيه { $directory } قبل أي { $program } آخر.
setup-copied = ما لدى { $helper } من أجل { $entry } صار في loom أيضًا.
setup-taken-over = السر الخاص بـ { $entry } صار في loom ولم يعد في { $path }. ويبقى في loom مهما صار بالإعداد.
setup-left = السر الخاص بـ { $entry } باقٍ نصًّا واضحًا في { $path }: loom لا يذكر السر نفسه.
setup-left-since = السر الخاص بـ { $entry } باقٍ نصًّا واضحًا في { $path }: { $error }
setup-other-kept = لدى loom سر آخر له بالفعل
setup-part-of-registry = لا يُسأل المساعد إلا عن سجلات كاملة، وهذا لجزء من سجل
setup-no-index = لا يذكر { $path } فهرسًا له
setup-no-address = لا يُذكر هناك لأي خادم هو: اضبط VAULT_ADDR أو BAO_ADDR
setup-run-again = حين يجيب الوكيل ({"\u2066"}loom agent start{"\u2069"}، {"\u2066"}loom unlock{"\u2069"})، ينقلها هذا: {"\u2066"}loom setup { $tool }{"\u2069"}
setup-head-tool = الأداة
setup-head-program = البرنامج
setup-head-asks = يسأل
setup-head-clear = نص واضح
setup-take-over = {"\u2066"}loom setup TOOL{"\u2069"} يجعل الأداة تسأل loom وينقل ما لديها نصًّا واضحًا.
setup-not-copied = ما لدى { $helper } من أجل { $entry } لم يصل إلى loom، لذلك لم يتغيّر شيء: { $error }
setup-other-helper = في { $path } مساعد آخر بالفعل: { $key } هو { $helper }
hint-setup-force = {"\u2066"}--force{"\u2069"} يضع loom مكانه؛ و{"\u2066"}--remove{"\u2069"} يعيده
setup-other-login = في { $path } طريقة أخرى لتسجيل الدخول بالفعل: { $key }
hint-setup-not-copied = تحقق من أن كليهما يجيب ({"\u2066"}loom status{"\u2069"})، أو أزل ذلك المدخل من الآخر، ثم أعد التشغيل
hint-setup-other-login = لا يستطيع loom إعادتها: أزلها أولاً ({"\u2066"}kubectl config unset{"\u2069"})، أو استخدم سياقًا لمستخدم آخر
setup-broken = { $path } ليس ما يقرؤه برنامجه، ويبقى كما هو: { $error }
hint-setup-broken = أصلح الملف أو انقله
setup-changed-meanwhile = غيّر أحد آخر { $path } في اللحظة نفسها
setup-file-of-another = { $path } يخص مستخدمًا آخر
setup-file-more-names = لـ { $path } اسم آخر أيضًا (رابط صلب)، وسيصير ملفين بعد ذلك
setup-name-taken = { $path } برنامج آخر
hint-setup-name-taken = أخرجه من PATH أو انقله
setup-needs-server = { $tool } يسأل مساعده عن خوادم مفردة فقط
hint-setup-needs-server = اذكر خادمًا: {"\u2066"}--server URL{"\u2069"}، ويمكن تكراره
setup-takes-no-server = { $tool } يسأل مساعده عن كل الخوادم؛ لا شيء يُضيَّق
setup-unknown-server = لا شيء في { $path } يؤدي إلى { $server }
setup-tool-failed = لم يقم { $tool } بدوره: { $error }

## The command line

command-not-run = تعذّر تشغيل { $program }: { $error }
usage-unknown = لا يوجد أمر أو خيار باسم { $what }
usage-missing = لم يُحدَّد { $what }
usage-no-value = يحتاج { $what } إلى قيمة
usage-value = ليست { $value } قيمة صالحة مع { $what }
usage-conflict = لا يمكن استخدام { $what } مع { $other }
usage-other = تعذّر فهم سطر الأوامر
server-unused = لا معنى لـ {"\u2066"}--server{"\u2069"} هنا
which-account = لدى { $server } عدة حسابات: { $known }
several-accounts = لدى { $server } عدة حسابات ولم يُذكر أيها: { $known }
hint-logout-which = حدّد واحدًا: {"\u2066"}loom logout { $server } --account USER{"\u2069"}؛ و{"\u2066"}--all{"\u2069"} يعني جميعها
hint-switch-which = حدّد واحدًا: {"\u2066"}loom switch { $server } ACCOUNT{"\u2069"}
no-such-rule = لا توجد قاعدة برقم { $place }
hint-rules = يعرضها {"\u2066"}loom rule list{"\u2069"} بأرقامها
env-line = { $path }، السطر { $line }: { $error }
hint-env-line = يكون السطر {"\u2066"}NAME=loom://SERVER{"\u2069"} أو {"\u2066"}NAME=loom://SERVER/ACCOUNT{"\u2069"} أو {"\u2066"}NAME=VALUE{"\u2069"}
editor-failed = انتهى { $program } بخطأ؛ ولم يتغير شيء
hint-config-left = ما كتبته موجود في { $path }؛ والإعدادات كما كانت
config-changed-meanwhile = تغيرت الإعدادات والمحرر مفتوح، وبقيت كما تركها ذلك التغيير
config-changed = تغيّر: { $path }
rule-added = هذه هي القاعدة { $place }؛ وتُطبَّق أول قاعدة مطابقة.
switched = من الآن يُقصد { $account } على { $server } حين لا يُذكر حساب.
switch-which = أي حساب على { $server }؟
which-server = على أي خادم؟
logout-which = أي حساب على { $server } تريد إنهاء جلسته؟
pick-number = رقم من 1 إلى { $most }؛ أو لا شيء للإلغاء:
url-with-password = يحتوي عنوان { $server } على كلمة مرور يمكن لغيرك قراءتها في سطر الأوامر
hint-url-with-password = يقرؤها {"\u2066"}loom login { $server } --with-token{"\u2069"} من الدخل القياسي
no-such-account = لا يوجد حساب { $account } على { $server }
hint-accounts-there = الحسابات الموجودة هناك: { $known }
hint-usage = يعرض {"\u2066"}loom --help{"\u2069"} الأوامر، ويعرض {"\u2066"}loom COMMAND --help{"\u2069"} خيارات كل أمر
hint-did-you-mean = لعلك تقصد: {"\u2066"}{ $what }{"\u2069"}
hint-typed-so = {"\u2066"}{ $line }{"\u2069"}

hint-usage-agent = يعرض {"\u2066"}loom-agent --help{"\u2069"} الخيارات
help-usage = الاستخدام:
help-commands = الأوامر
help-arguments = الوسائط
help-options = الخيارات

cmd-loom = وكيل واحد لبيانات اعتماد جميع خوادمك: git وواجهات API والنصوص البرمجية.
cmd-loom-more =
    سجّل الدخول مرة واحدة، وسيستخدم git الجلسة بعد ذلك:
    {"\u2066"}  loom login --server https://git.example{"\u2069"}
    {"\u2066"}  loom setup git{"\u2069"}
cmd-login = تسجيل الدخول إلى خادم
cmd-login-more =
    يفتح المتصفح، أو يعرض صفحة ورمزًا، وينتظر حتى توافق. للإلغاء اضغط Ctrl+C.
    {"\u2066"}  loom login --server https://git.example{"\u2069"}
    {"\u2066"}  loom login --server https://git.example --flow device{"\u2069"}
    {"\u2066"}  pass show git.example | loom login --with-token --server https://git.example{"\u2069"}
cmd-logout = إبطال جلسة على خادمها وحذفها محليًا
cmd-status = عرض من سجّل الدخول وإلى أي خادم
cmd-status-more = رمز الخروج 0 إن وُجدت جلسة (على ذلك الخادم)، و4 إن لم توجد.
cmd-auth = الأوامر التي لها هذه الأسماء في gh
cmd-switch = اختيار حساب الخادم المقصود حين لا يُذكر حساب
cmd-rule = تحديد الحساب المقصود عند عنوان أو في مجلد
cmd-rule-add = إضافة قاعدة بعد القواعد الموجودة
cmd-rule-list = عرض القواعد بترتيبها؛ وتُطبَّق أول قاعدة مطابقة
cmd-rule-remove = إزالة قاعدة
cmd-config-unset = إزالة إعداد من الملف؛ ورمز الخروج 1 إن لم يكن مضبوطًا
cmd-config-edit = تعديل الإعدادات في محررك؛ ولا يُحفظ ما لا معنى له
cmd-config-path = طباعة مكان الإعدادات
cmd-token = طباعة رمز وصول لاستخدامه في نص برمجي
cmd-token-more =
    رمز الخروج 4 إن كان على شخص أن يسجّل الدخول أولًا.
    {"\u2066"}  loom token --header --server api.example | curl -H @- https://api.example/user{"\u2069"}
cmd-token-generate = إصدار رمز خاص بالوكيل بصلاحيات خاصة به
cmd-token-generate-more =
    للنصوص البرمجية والمهام والحاويات: من يعرضه في {"\u2066"}LOOM_TOKEN{"\u2069"} يحصل على ما أُصدر له ولا شيء سواه.
    دون {"\u2066"}--reveal{"\u2069"} لا يُسلَّم سر أي خادم.
    مع {"\u2066"}--server{"\u2069"} وحده يكون الرمز من ذلك الخادم ({"\u2066"}/api/enterprise/tokens{"\u2069"})؛ ومع {"\u2066"}--reveal{"\u2069"} أو {"\u2066"}--max-uses{"\u2069"} أو {"\u2066"}--max-age{"\u2069"} أو {"\u2066"}--allow{"\u2069"} أو {"\u2066"}--grants{"\u2069"} أو {"\u2066"}--for{"\u2069"} يكون من الوكيل لذلك الخادم.
      loom token generate ci --scopes read --expires 30 --for https://git.example
      loom token generate build --scopes read --for git.example --reveal
cmd-token-list = عرض الرموز الصادرة، دون الرموز نفسها
cmd-token-revoke = إنهاء رمز صادر وما أصدره هو فورًا
cmd-token-rotate = إعطاء رمز صادر سرًّا آخر؛ وينتهي القديم بعد فترة التداخل
cmd-api = استدعاء واجهة خادم؛ الرمز عند الوكيل، ولك الجواب
cmd-api-more =
    رمز الخروج 1 إن رفض الخادم، و4 إن كان على شخص أن يسجّل الدخول أولًا.
    مع {"\u2066"}LOOM_TOKEN{"\u2069"} أو {"\u2066"}--scope{"\u2069"}: ما يكتب تحت {"\u2066"}/api{"\u2069"} وليس من مسارات {"\u2066"}Loki{"\u2069"} يحتاج إلى النطاق {"\u2066"}*{"\u2069"} أيًّا كان الخادم.
    ولخادم آخر واجهته هناك، مثل {"\u2066"}Grafana{"\u2069"}، أصدر رمزًا بالنطاق {"\u2066"}*{"\u2069"} له وحده: {"\u2066"}--scopes '*' --for SERVER{"\u2069"}.
    {"\u2066"}  loom api /api/tasks --server https://loki.example{"\u2069"}
    {"\u2066"}  loom api /api/tasks -F project_id=1 -f title=Hello -f priority=high{"\u2069"}
    {"\u2066"}  loom api /repos/acme/app/issues --paginate --select '.[].title' --server api.example{"\u2069"}
    {"\u2066"}  loom api -X PUT /files/report --input report.pdf -H 'Content-Type: application/pdf'{"\u2069"}
cmd-why = بيان بيانات الاعتماد التي سيحصل عليها git لعنوان ما، وسبب ذلك
cmd-why-more =
    ينظر في إعدادات git أيضًا: المساعدون الذين يُسألون أولًا، واسم المستخدم، وهل يذكر git المسار.
    رمز الخروج 0 إن كان git سيحصل على بيانات اعتماد، و4 إن لم يكن.
    {"\u2066"}  loom why https://git.example/acme/app.git{"\u2069"}
    مع {"\u2066"}--push{"\u2069"} أو {"\u2066"}--call{"\u2069"}: هل مُنح، وبأي منح، أو أي منح ينقص؛ رموز الخروج نفسها.
      {"\u2066"}loom why --push https://git.example/org/app main --token build{"\u2069"}
cmd-exec = تشغيل أمر مع رمز ينتهي بانتهائه، أو مع رمز الخادم نفسه
cmd-exec-more =
    دون {"\u2066"}--env{"\u2069"} يحصل الأمر على {"\u2066"}LOOM_TOKEN{"\u2069"} جديد بهذه النطاقات والخوادم، ودون سر أي خادم.
      loom exec --scopes read --server https://api.example -- ./agent.sh
    مع {"\u2066"}--allow{"\u2069"} يمر git وgh واستدعاءات HTTP عبر الوكيل ولا تستطيع إلا ما مُنح؛ المزيد في {"\u2066"}loom-grants(7){"\u2069"}.
      {"\u2066"}loom exec --allow 'push agent/*' --allow 'GET https://api.example/v1/**' -- ./agent.sh{"\u2069"}
    مع {"\u2066"}--env{"\u2069"} يحصل على رمز الخادم نفسه؛ ويمكن لجميع عمليات الأمر قراءة المتغير.
      loom exec --server https://api.example --env API_TOKEN -- ./deploy.sh
cmd-kube = طباعة رمز مميز بصفة إضافة بيانات الاعتماد في {"\u2066"}kubectl{"\u2069"}
cmd-kube-more =
    يشغّله {"\u2066"}kubectl{"\u2069"} لمستخدم له كتلة {"\u2066"}exec{"\u2069"}؛ والخادم هو العنقود، أو ما يحدّده {"\u2066"}--server{"\u2069"} إن كانت إعداداتك تعيره إياه.
    {"\u2066"}  kubectl config set-credentials me --exec-command=loom --exec-arg=kube --exec-interactive-mode=IfAvailable \{"\u2069"}
    {"\u2066"}    --exec-provide-cluster-info=true --exec-api-version=client.authentication.k8s.io/v1{"\u2069"}
cmd-aws = طباعة مفتاح وصول لبرامج {"\u2066"}AWS{"\u2069"}
cmd-aws-more =
    لإعداد {"\u2066"}credential_process{"\u2069"} في {"\u2066"}~/.aws/config{"\u2069"}؛ يُحفظ المفتاح لأي خادم تسمّيه، باسم معرّفه.
    {"\u2066"}  loom login --server https://sts.example --account AKIAIOSFODNN7EXAMPLE --with-token{"\u2069"}
    {"\u2066"}  aws configure set credential_process 'loom aws --server https://sts.example' --profile work{"\u2069"}
cmd-goauth = طباعة ترويسات لخوادم وحدات {"\u2066"}Go{"\u2069"}
cmd-goauth-more =
    يشغّله {"\u2066"}Go{"\u2069"}؛ ما يحدّده {"\u2066"}--server{"\u2069"} يُقال له قبل أن يسأل، وما عداه حين يرفض خادم.
    {"\u2066"}  go env -w GOAUTH='loom goauth --server https://proxy.example;netrc'{"\u2069"}
cmd-netrc = طباعة سطر من ملف {"\u2066"}netrc{"\u2069"}
cmd-netrc-more =
    ملف كهذا لا يعرف المخطط ولا المنفذ: يسري السر على كل منافذ المضيف.
    {"\u2066"}  curl --netrc-file <(loom netrc --server https://api.example) https://api.example/user{"\u2069"}
cmd-serve = فتح بوابة HTTP للوكيل: واجهة REST وتسجيل الدخول الموحّد وصفحة الموافقة على الأجهزة
cmd-serve-more =
    تطبع عنوانها وتبقى مفتوحة ما دام الوكيل يعمل؛ والقسم {"\u2066"}[http]{"\u2069"} في الإعدادات يفتحها مع الوكيل.
    يحدّد {"\u2066"}LOOM_OIDC_ISSUER{"\u2069"} و{"\u2066"}LOOM_OIDC_CLIENT_ID{"\u2069"} مزوّدًا يسجّل الناس الدخول لديه.
    {"  "}loom serve
    {"  "}loom serve --listen 0.0.0.0:57374 --tls-cert cert.pem --tls-key key.pem
cmd-lock = نسيان كل الأسرار وعدم تسليم أي شيء حتى يفتح أحد القفل
cmd-lock-more =
    عبارة المرور تجعله قفلًا حقيقيًا: {"\u2066"}loom store rekey --passphrase{"\u2069"}
    ليُقفل حين لا يطلب أحد شيئًا مدة من الزمن: {"\u2066"}loom config set lock_after 30m{"\u2069"}
    { SYSTEM() ->
        [windows] من برنامج قفل الشاشة: {"\u2066"}loom lock{"\u2069"}
       *[other] من برنامج قفل الشاشة: {"\u2066"}pkill -USR1 -x loom-agent{"\u2069"}
    }
cmd-unlock = السماح للوكيل بتسليم بيانات الاعتماد من جديد
cmd-unlock-more =
    يطلب عبارة المرور إن عُيّنت؛ وبدون طرفية تُقرأ من الإدخال القياسي.
      loom unlock
cmd-agent = تشغيل الوكيل أو إيقافه أو الاطلاع على حالته
cmd-agent-start = تشغيل الوكيل؛ الأوامر التي تحتاج إليه تشغّله بنفسها
cmd-agent-stop = إيقاف الوكيل؛ يبقى ما يحفظه في حلقة المفاتيح أو في الملف
cmd-agent-stop-more =
    { SYSTEM() ->
        [windows] إن لم يردّ أُنهي رغم ذلك: يُطلب منه مرة أخرى، ثم يُنهى بعد عشر ثوانٍ.
       *[other] إن لم يردّ أُنهي رغم ذلك: بالإشارة {"\u2066"}TERM{"\u2069"}، وبعد عشر ثوانٍ بالإشارة {"\u2066"}KILL{"\u2069"}.
    }
cmd-agent-status = بيان هل الوكيل يعمل: رمز الخروج 0 أو 1
cmd-agent-restart = إيقاف الوكيل ثم تشغيله من جديد
cmd-agent-socket = إضافة مقابس لها صلاحيات رمز واحد
cmd-agent-socket-add = فتح مقبس إضافي لكل من يتصل به صلاحيات هذا الرمز
cmd-agent-socket-add-more =
    { SYSTEM() ->
        [windows] للبرامج التي ينبغي أن تكون لها صلاحيات أقل من صلاحياتك. يعود مع الوكيل التالي.
       *[other] للحاويات والأجهزة الأخرى: صِل مجلده بالحاوية، أو مرّره بالأمر {"\u2066"}ssh -R{"\u2069"}. يعود مع الوكيل التالي.
    }
    { SYSTEM() ->
        [windows] {"  "}loom agent socket add \\.\pipe\build --token build
       *[other] {"  "}loom agent socket add ~/build/sock/agent.sock --token build
    {"  "}LOOM_AGENT_SOCK=/sock/agent.sock loom api /api/status
    }
cmd-agent-socket-list = عرض هذه المقابس
cmd-agent-socket-remove = إغلاق أحد هذه المقابس
cmd-store = عرض مكان حفظ بيانات الاعتماد وتغييره
cmd-store-status = عرض مكان حفظ بيانات الاعتماد ووجهة الجديدة منها
cmd-store-migrate = نقل جميع بيانات الاعتماد إلى حلقة المفاتيح أو إلى الملف المشفّر
cmd-store-migrate-more =
    تُحفظ الجديدة هناك من ذلك الحين. لا يُحذف شيء قبل قراءة كل شيء مجددًا.
      loom store migrate --to keyring
cmd-store-rekey = تشفير الملف بمفتاح جديد
cmd-store-rekey-more =
    مع {"\u2066"}--passphrase{"\u2069"} لا تفتح الملفَ إلا تلك العبارة، ويبقى الوكيل الجديد مقفلًا حتى تعطيه إياها.
      loom store rekey --passphrase
cmd-doctor = التحقق من أن كل ما هو محفوظ باقٍ كما كُتب
cmd-doctor-more = رمز الخروج 1 إن لم يكن شيء كذلك.
cmd-audit = عرض من طلب ماذا
cmd-audit-tail = طباعة أحدث قيود سجل التدقيق
cmd-audit-tail-more =
    من طلب (المستخدم والعملية والبرنامج)، وماذا، ومتى، وما النتيجة؛ دون أي سر.
      loom audit tail --event token -n 50
      loom audit tail --follow --json
cmd-audit-verify = التحقق من أنه لم يُغيَّر أي سطر من سجل التدقيق ولم يُنقل ولم يُحذف
cmd-setup = جعل برامج أخرى تستخدم loom؛ ووحده يعرض الموجود منها ومن تسأل
cmd-setup-more =
    الأدوات: {"\u2066"}git docker podman cargo kubectl terraform tofu go pip uv keyring pnpm vault bazel aws{"\u2069"}. يكتب إعدادات الأداة نفسها ويعرض ما يتغيّر وينقل ما فيها نصًّا واضحًا
    حين يذكر loom السر نفسه. {"\u2066"}--remove{"\u2069"} يعيد ما كان بايتًا ببايت؛ ويبقى السر في loom.
    {"\u2066"}  loom setup{"\u2069"}
    {"\u2066"}  loom setup docker{"\u2069"}
    {"\u2066"}  loom setup docker --server registry.example:5000{"\u2069"}
    {"\u2066"}  loom setup docker --remove{"\u2069"}
cmd-setup-git = إعداد git ليطلب بيانات الاعتماد من loom
cmd-setup-git-more =
    يكتب المسار المطلق للبرنامج المساعد، كما يجده PATH، في إعدادات git، إلى جانب البرامج المساعدة الأخرى، ويذكر العناوين التي لا
    يسأله git لأجلها.
    {"\u2066"}  loom setup git{"\u2069"}
    {"\u2066"}  loom setup git --server https://git.example --local{"\u2069"}
cmd-config = قراءة الإعدادات وتغييرها
cmd-config-get = طباعة إعداد؛ رمز الخروج 1 إن لم يكن معيّنًا
cmd-config-set = تغيير إعداد
cmd-config-list = طباعة جميع الإعدادات المعيّنة
cmd-config-set-default-server = تعيين الخادم الذي تستخدمه الأوامر حين لا يُحدَّد خادم
cmd-credential-helper = تنفيذ ما يطلبه git من مساعد بيانات الاعتماد، مثل git-credential-loom
arg-for-git = يذكره مساعد git
cmd-say = طباعة رسالة خطأ صادفه برنامج آخر من برامج loom
cmd-completions = طباعة نص برمجي يُكمل أوامر loom في الصدفة التي تستخدمها
cmd-completions-more =
    { SYSTEM() ->
        [windows] {"\u2066"}{"  "}loom completions powershell | Out-String | Invoke-Expression{"\u2069"}
       *[other] {"\u2066"}{"  "}loom completions bash > ~/.local/share/bash-completion/completions/loom{"\u2069"}
    }
cmd-demo = عرض الخطوات كلها في مجلد منزل مؤقت: تسجيل الدخول والاستنساخ والدفع والخروج

cmd-loom-agent = حفظ بيانات اعتماد خوادمك والرد على برامج loom عبر مقبس محلي
cmd-loom-agent-more =
    تشغّله البرامج حين تحتاج إليه؛ ونادرًا ما تحتاج إلى تشغيله بنفسك.
    { SYSTEM() ->
        [windows] حدث في جلستك ينهيه بعد إتمام ما بدأه: {"\u2066"}loom agent stop{"\u2069"}؛ وللقفل: {"\u2066"}loom lock{"\u2069"}
       *[other] الإشارة {"\u2066"}USR1{"\u2069"} تقفله؛ و{"\u2066"}TERM{"\u2069"} تنهيه بعد إتمام ما بدأه؛ و{"\u2066"}HUP{"\u2069"} تجعله يتحقق من بقاء مقبسه.
    }
    دون الخيار {"\u2066"}--foreground{"\u2069"} يعود إلى سطر الأوامر بمجرد أن يبدأ الاستماع.
    {"\u2066"}  loom-agent --foreground --idle-exit 8h{"\u2069"}

arg-server = الخادم؛ وإن لم يُذكر فقيمة LOOM_SERVER_URL، وإلا فالافتراضي
arg-help = عرض المساعدة
arg-version = عرض الإصدار
arg-account = اسم المستخدم الذي تُحفظ الجلسة به
arg-api-path = المسار تحت الخادم مع استعلامه؛ أو عنوان كامل يقع هناك
arg-api-scopes = رفض الاستدعاء قبل إرسال أي شيء إن احتاج إلى أكثر من هذه: {"\u2066"}*, control, write, read, audit{"\u2069"}
arg-method = الطريقة؛ وبدونها {"\u2066"}GET{"\u2069"}، أو {"\u2066"}POST{"\u2069"} إن كان هناك ما يُرسل
arg-headers = ترويسة تُرسل؛ ويمكن ذكرها عدة مرات
arg-raw-fields = وسيط هو نص؛ في استعلام {"\u2066"}GET{"\u2069"}، وإلا ففي مستند {"\u2066"}JSON{"\u2069"}
arg-fields = وسيط تكون فيه {"\u2066"}true{"\u2069"} و{"\u2066"}false{"\u2069"} و{"\u2066"}null{"\u2069"} والأعداد على حقيقتها، و{"\u2066"}@FILE{"\u2069"} هو محتوى الملف
arg-input = إرسال محتوى هذا الملف؛ و{"\u2066"}-{"\u2069"} هو الدخل القياسي. وتذهب الوسائط عندئذ إلى الاستعلام
arg-include = طباعة سطر الحالة والترويسات أولًا
arg-paginate = المتابعة بالصفحة التالية ما دام الخادم يسمّي واحدة
arg-select = طباعة هذا الجزء فقط من جواب {"\u2066"}JSON{"\u2069"}، وهو مسار كما في {"\u2066"}jq{"\u2069"}: {"\u2066"}.items[0].name{"\u2069"} أو {"\u2066"}.[].id{"\u2069"}
arg-path = المسار الذي سيذكره git
arg-why-account = اسم المستخدم في العنوان
arg-why-url = العنوان الذي سيستخدمه git
arg-push = هل يجوز دفع هذا المرجع في هذا المستودع، وبأي منح
arg-call = هل يجوز استدعاء هذا، وبأي منح
arg-why-token = الرمز الصادر المقصود؛ وإلا فعن السائل نفسه
arg-flow = طريقة تسجيل الدخول؛ تستخدم auto المتصفح إن وُجد، وإلا فرمزًا، وإلا فلصق العنوان
arg-scopes = النطاق المطلوب؛ ويمكن ذكره عدة مرات
arg-token-generate-name = ماذا يُسمى
arg-token-revoke-name = اسم الرمز أو معرّفه
arg-token-rotate-name = اسم الرمز أو معرّفه
arg-overlap = كم يبقى السر القديم صالحًا؛ {"\u2066"}1h{"\u2069"} إن لم يُذكر، و{"\u2066"}0s{"\u2069"} ينهيه فورًا
arg-max-age = بعد كم يوم ينتهي سره، إلى أن يعطيه {"\u2066"}loom token rotate{"\u2069"} سرًّا آخر
arg-token-generate-scopes = ما يجوز له، مفصولًا بفواصل: {"\u2066"}*, control, write, read, audit{"\u2069"}
arg-role = ما يجوز له بحسب الدور: {"\u2066"}admin, operator, viewer, auditor{"\u2069"} أو أحد أدوار الإعدادات
arg-expires = بعد كم يومًا ينتهي؛ 90، و365 على الأكثر، ما لم تقل الإعدادات غير ذلك
arg-servers-for = لأي خوادم؛ {"\u2066"}*.example{"\u2069"} يعني كل ما تحت هذا الاسم؛ ويمكن ذكره عدة مرات
arg-max-uses = كم مرة يمكن استخدامه
arg-reveal = يجوز أن يُسلَّم سر الخادم نفسه كما يحتاجه {"\u2066"}git{"\u2069"}
arg-allow = ما يجوز جلبه أو دفعه أو استدعاؤه ولا شيء غيره، مثل {"\u2066"}`push URL agent/*`{"\u2069"} أو {"\u2066"}`GET URL/**`{"\u2069"}؛ مرات عدة
arg-named = الشيء نفسه باسم {"\u2066"}[[grants]]{"\u2069"} في {"\u2066"}config.toml{"\u2069"}؛ مرات عدة
arg-print = أظهر ما سيُضبط للأمر بلا أي سر، ولا تشغّل شيئًا
arg-only = يشغّله بلا شبكة سوى الموصل، وبلا مجلدات loom وD-Bus ووكيل SSH {"\u2066"}(Linux){"\u2069"}
arg-agent-socket-add-path = أين؛ يُنشأ المجلد إن لم يوجد، ويجب أن يكون مغلقًا أمام غيرك
arg-agent-socket-remove-path = أين هو
arg-token = اسم رمز صادر أو معرّفه
arg-token-list-all = المنتهية أيضًا
arg-exec-scopes = ما يجوز للأمر، مفصولًا بفواصل؛ {"\u2066"}read{"\u2069"} إن لم يُذكر شيء
arg-client-id = معرّف العميل الذي يُستخدم مع هذا الخادم من الآن فصاعدًا
arg-client-secret-file = ملف فيه سر العميل؛ ومع {"\u2066"}-{"\u2069"} يُقرأ من الدخل القياسي
arg-issuer = خادم التفويض، إن لم يذكره الخادم
arg-save = مع {"\u2066"}--server{"\u2069"}: حفظ الرمز في الوكيل بوصفه حسابًا باسمه، دون عرضه
arg-resource = المورد الذي يُطلب الرمز المميز لأجله ({"\u2066"}RFC 8707{"\u2069"})
arg-audience = مبادلة الرمز المميز برمز آخر تقبله هذه الجهة ({"\u2066"}RFC 8693{"\u2069"})
arg-id-token = طباعة رمز الهوية للجلسة، لمن يثق بجهة إصداره
arg-header = طباعة سطر ترويسة: {"\u2066"}Authorization: Bearer …{"\u2069"} أو {"\u2066"}Basic …{"\u2069"}
arg-bearer = طباعة {"\u2066"}Bearer{"\u2069"} ثم الرمز المميز
arg-basic = طباعة {"\u2066"}Basic{"\u2069"} ثم اسم المستخدم والرمز المميز بترميز {"\u2066"}Base64{"\u2069"}
arg-check = سؤال كل خادم هل ما زال يقبل الجلسة
arg-no-browser = عرض الصفحة فقط دون فتحها
arg-with-token = قراءة رمز مميز أو كلمة مرور من الدخل القياسي وحفظها
arg-no-check = مع {"\u2066"}--with-token{"\u2069"}: حفظه دون سؤال الخادم إن كان يقبله
arg-short = سطر واحد لمؤشر الأوامر: الحساب الافتراضي، و{"\u2066"}+N{"\u2069"} غيره، و{"\u2066"}!N{"\u2069"} تحتاج إليك
arg-sort = حسب ماذا يُرتَّب: {"\u2066"}server{"\u2069"} أو {"\u2066"}account{"\u2069"} أو {"\u2066"}expires{"\u2069"} أو {"\u2066"}state{"\u2069"}
arg-all = جميع الجلسات: على هذا الخادم، أو على كل الخوادم إن لم يُذكر خادم
arg-local = الحذف محليًا فقط، دون إبلاغ الخادم
arg-setup-git-local = الكتابة في إعدادات هذا المستودع
arg-global = الكتابة في إعداداتك الشخصية (الوضع الافتراضي)
arg-remove = إزالة loom من الإعدادات
arg-tool = أي أداة
arg-force = وضع loom مكان مساعد آخر
arg-list = عرض الأدوات الموجودة ومن تسأل وما لديها نصًّا واضحًا؛ كما بدون أداة
arg-json = طباعة مستند JSON واحد
arg-min-validity = المدة التي يجب أن يبقى الرمز المميز صالحًا خلالها، مثل 60s أو 5m
arg-env = المتغير الذي يُعطى الرمز؛ ومن خادم آخر مع {"\u2066"}=SERVER{"\u2069"}. ويمكن ذكره عدة مرات
arg-command = الأمر ووسائطه
arg-key = الإعداد: default_server أو store أو language أو autologin أو lock_after
arg-value = قيمته الجديدة
arg-aws-account = معرّف مفتاح الوصول
arg-goauth-url = العنوان الذي رُفض؛ يضيفه {"\u2066"}Go{"\u2069"}
arg-url = الخادم
arg-switch-server-or-account = الخادم؛ أو حساب إن لم تكن هناك جلسة على خادم بهذا الاسم
arg-switch-account = الحساب
arg-pattern = عند هذا العنوان وكل ما تحته
arg-directory = في هذا المجلد وكل ما تحته
arg-user = الحساب المقصود هناك
arg-place = رقمها كما يعرضه {"\u2066"}loom rule list{"\u2069"}
arg-env-file = ملف متغيرات، كل منها في سطر: {"\u2066"}NAME=loom://SERVER{"\u2069"} أو {"\u2066"}NAME=loom://SERVER/ACCOUNT{"\u2069"} أو {"\u2066"}NAME=VALUE{"\u2069"}؛ علامات الاقتباس و{"⁦"}export{"⁩"} والتعليقات مفهومة؛ والشرطة في الحساب {"⁦"}%2F{"⁩"}، والخادم ذو المسار يُذكر بـ {"⁦"}--env{"⁩"}
arg-operation = get أو store أو erase أو capability
arg-event = هذا الحدث فقط، أو كل ما تحته: {"\u2066"}token{"\u2069"} يعني {"\u2066"}token.get{"\u2069"} و{"\u2066"}token.renew{"\u2069"}
arg-lines = عدد القيود
arg-follow = المتابعة مع ما يأتي، حتى {"\u2066"}Ctrl+C{"\u2069"}
arg-restore = وضع الملف التالف جانبًا وإنشاء ملف جديد من السجلات السليمة؛ واستعادة ملف مفقود من نسخته ومما بقي عند الوكيل
arg-to = الوجهة: {"\u2066"}keyring{"\u2069"} أو {"\u2066"}file{"\u2069"}
arg-passphrase = أن تفتح عبارةُ مرور المفتاحَ الجديد؛ يسأل عنها
arg-no-passphrase = حفظ المفتاح الجديد في ملفه، مفتوحًا لك دون عبارة مرور
arg-agent-start-at-login = أن يُشغَّل كلما سجّلت الدخول؛ والعامل منه يستمر
arg-agent-stop-at-login = ألا يُشغَّل بعد الآن عند تسجيل دخولك
arg-windows = في WSL: أن يسأل git برنامج loom الخاص بنظام Windows، بجلساته
arg-foreground = البقاء في المقدمة، من أجل مدير الخدمات أو لمتابعة عمله
arg-idle-exit = الإنهاء بعد هذه المدة دون أي طلب، مثل 10m أو 1h
arg-listen = العنوان والمنفذ؛ {"\u2066"}127.0.0.1:57374{"\u2069"} إن لم يُذكر غيره
arg-tls-cert = سلسلة الشهادات، ملف PEM؛ وبدونها لا يدخل إلا هذا الجهاز
arg-tls-key = مفتاحها الخاص، ملف PEM
arg-stop = إغلاق البوابة
arg-fault = الخطأ بصيغة JSON
arg-shell = الصدفة: bash أو elvish أو fish أو powershell أو zsh

## Pages

page-menu = القائمة
page-language = اللغة
page-overview = نظرة عامة
page-back = العودة إلى النظرة العامة
page-not-found = لا توجد صفحة كهذه
page-fault = تعذّر ذلك
page-sign-in = تسجيل الدخول
page-sign-in-lead = سجّل الدخول لترى ما يحفظه هذا الوكيل، ولتقرر بشأن الأجهزة التي تطلب الوصول.
page-sign-in-with = تسجيل الدخول عبر { $name }
page-sign-in-token = برمز مميز
page-sign-in-again = تسجيل الدخول من جديد
page-no-issuer = لا يوجد مزوّد معيَّن لتسجيل الدخول الموحّد. يعطيك هذا الأمر، على جهاز الوكيل، رمزًا لتسجيل الدخول:
page-token = الرمز المميز
page-token-help = رمز أصدره هذا الوكيل. للجلسة صلاحيات الرمز. يبدأ هكذا:
page-token-unknown = لا يعرف الوكيل هذا الرمز، أو أن الرمز قد انتهى.
page-signed-in = سُجّل دخولك
page-not-signed-in = لم يُسجَّل دخولك
page-go-on = متابعة
page-sign-out = تسجيل الخروج
page-signed-in-as = سُجّل الدخول باسم
page-issuer = المزوّد
page-scopes = النطاقات
page-needs-scope = يتطلب عرض هذا أو فعله النطاق {"\u2066"}{ $scope }{"\u2069"}.
page-own-machines = ترى هنا الأجهزة التي وافقت عليها. تتطلب رؤية جميع الرموز النطاق {"\u2066"}*{"\u2069"}.
page-some-servers = صلاحياتك لخوادم معينة فقط، وهذا يخص جميعها.
page-too-wide = لا يستطيع أحد أن يمنح أكثر مما يجوز له.
page-accounts = الحسابات
page-no-accounts = لا توجد جلسة مفتوحة على أي خادم. للبدء:
page-locked = الوكيل مقفل، ولا يسلّم شيئًا حتى يفتحه أحد:
page-server = الخادم
page-account = الحساب
page-kind = النوع
page-kept-in = مكان الحفظ
page-expires = تاريخ الانتهاء
page-state = الحالة
page-default = افتراضي
page-tokens = الرموز الصادرة
page-no-tokens = لا يوجد رمز نشط.
page-name = الاسم
page-id = المعرّف
page-servers = الخوادم
page-all-servers = جميعها
only-status = الحالة فقط
page-last-used = آخر استخدام
page-never = أبدًا
page-unused = لم يُستخدم بعد
page-end = الإنهاء
page-approved-by = وافق عليه { $name }
page-reveals = يجوز أن يُسلَّم أسرار الخوادم نفسها
page-revoke = إلغاء…
page-revoke-means = ينتهي فورًا، وتنتهي معه الرموز التي صدرت به.
page-revoke-now = إلغاء الآن
page-sessions = الجلسات
page-address = العنوان
page-time-left = الوقت المتبقي
page-minutes = { $count } د
page-a-token = رمز مميز
page-log = سجل التدقيق
page-log-still = أحدث القيود، وأولها الأجدد. أعد تحميل الصفحة لترى الجديد.
page-log-live = أحدث القيود، وأولها الأجدد. تظهر القيود الجديدة تلقائيًا.
page-time = الوقت ({"\u2066"}UTC{"\u2069"})
page-event = الحدث
page-who = من
page-outcome = النتيجة
page-by-process = العملية { $pid }
page-by-token = الرمز {"\u2066"}{ $id }{"\u2069"}
page-at-door = عند باب الرمز {"\u2066"}{ $id }{"\u2069"}
page-connect = ربط جهاز
page-code = الرمز
page-code-help = الأحرف الثمانية التي يعرضها الجهاز.
page-continue = متابعة
page-machine-asks = جهاز يطلب الوصول
page-calls-itself = يسمّي نفسه
page-unnamed = لا شيء
page-asked-from = الطلب من
page-asked-at = وقت الطلب
page-wants = يطلب
page-wants-nothing = لا شيء بعينه
page-device-warning = لا توافق إلا على ما بدأته بنفسك للتو.
page-device-name-warning = الاسم هو ما يطلقه الجهاز على نفسه، ويستطيع أيٌّ كان أن يختار اسمًا. من يرسل إليك رمزًا أو رابطًا يريد صلاحياتك.
page-grant = ما يحصل عليه
page-it-may = يجوز له
page-nothing-to-grant = ليست لديك صلاحيات تستطيع منحها.
page-no-scope = اختر شيئًا واحدًا على الأقل يجوز له.
page-bad-days = يجب أن تكون المدة يومًا واحدًا على الأقل، وليست إلى الأبد.
page-scope-all = كل شيء، ومنه إصدار الرموز
page-scope-control = وكذلك تسجيل الدخول والخروج، وقفل الوكيل وإيقافه
page-scope-write = وكذلك استدعاء واجهات برمجة تغيّر شيئًا، وحفظ بيانات الاعتماد
page-scope-read = رؤية الحسابات، واستدعاء واجهات برمجة للقراءة فقط
page-scope-audit = قراءة سجل التدقيق
page-for-servers = لأي خوادم
page-for-servers-help = تفصل بينها مسافات أو فواصل؛ و{"\u2066"}{ $example }{"\u2069"} يعني كل ما تحت هذا الاسم. تركه فارغًا يعني كل الخوادم التي تراها.
page-for-days = لكم يومًا
page-may-reveal = يجوز أن يُسلَّم أسرار الخوادم نفسها؛ يحتاج {"\u2066"}git{"\u2069"} إلى ذلك.
page-secrets = الأسرار
page-approve = موافقة
page-deny = رفض
page-approved = تمت الموافقة
page-approved-means = يجلب الجهاز رمزه بنفسه. يمكنك إغلاق هذه الصفحة.
page-denied = تم الرفض
page-denied-means = لا يحصل الجهاز على شيء. يمكنك إغلاق هذه الصفحة.

## The demo

demo-login = 1. تسجيل الدخول. خادم هذا العرض يوافق على الرمز بنفسه؛ أما خادمك فسيسألك في تلك الصفحة.
demo-setup = 2. إعداد git ليطلب بيانات الاعتماد من loom.
demo-clone = 3. استنساخ مستودع خاص، ثم إيداع تغيير فيه ودفعه؛ يحصل git على الرمز المميز من الوكيل.
demo-status = 4. عرض من سجّل الدخول وإلى أي خادم.
demo-logout = 5. تسجيل الخروج: يُبطل الخادم الرمز المميز.
demo-refused = 6. من الآن فصاعدًا يُغلق المستودع من جديد:
demo-done = انتهى العرض. للبدء مع خادمك: {"\u2066"}loom login --server https://your.server{"\u2069"}
demo-not-set-up = تعذّر إعداد العرض: { $error }
demo-step-failed = توقف العرض: فشل { $program }
demo-step-passed = توقف العرض: كان يجب أن يُرفض { $program }
demo-not-revoked = توقف العرض: ما زال الخادم يعرف الرمز المميز
