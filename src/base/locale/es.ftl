## Logging in and out

please-visit = Visite esta página:
enter-code = Y escriba este código:
scan-code = O escanee este código QR, que contiene ambas cosas:
log-in-at = Inicie sesión con su navegador en:
log-in-anywhere = Inicie sesión con cualquier navegador, desde cualquier equipo, en:
paste-here = El proceso termina en una página que no se puede mostrar. Pegue aquí la dirección de esa página:
paste-again = Esa no es la dirección en la que termina. Pegue la dirección completa, con http:// al principio:
waiting = Esperando la autorización…
server-in-trouble = El servidor tiene problemas en este momento; se sigue esperando…
login-again = El servidor terminó el nuevo inicio de sesión junto con el anterior. Una vez más, por favor:
granted-beyond = El servidor concedió más de lo que se pidió: { $scopes }
login-elsewhere = Ya hay otro inicio de sesión en curso en este servidor; esperando…
page-elsewhere = Esta página no pertenece al servidor en el que está iniciando sesión. Ábrala solo si confía en { $url }
browser-failed = No se pudo abrir ningún navegador; abra la página manualmente.
token-prompt = Token o contraseña:
kept-unchecked = Guardado sin comprobar: { $server } no pudo decir si lo acepta.
logged-in-as = Sesión iniciada en { $server } como { $user }
token-ends = Termina el { $end }; loom status avisa a tiempo.
make-token-at = Cree un token en esta página y péguelo aquí:
paste-token = Token (no se muestra):
token-again = El servidor no lo acepta. Otra vez, por favor.
token-of-program = { $program } tiene sesión allí. ¿Usar su token? [s/N]
login-where = ¿Dónde quiere iniciar sesión?
login-elsewhere-pick = otro
login-where-else = El servidor, o la URL de un repositorio:
next-git = Git todavía no pregunta a loom: loom setup git
next-git-and = Git todavía no pregunta a loom: loom setup git. El texto en claro puede traspasarse: { $tools }
next-tools = El texto en claro puede traspasarse: { $tools }
token-for = Un token para { $server }
token-page = El token se encuentra en:
field-name = Nombre:
field-id = ID:
field-token = Token:
field-scopes = Ámbitos:
field-servers = Servidores:
field-expires = Caduca:
token-shown-once = Guarde este token: no se vuelve a mostrar.
token-unseen = el token no se pudo mostrar, así que se revocó: { $id }
token-unseen-kept = el token no se pudo mostrar ni tampoco revocar: { $id }
token-revoked = Revocado: { $name } ({ $id }).
token-rotated = El secreto anterior ({ $id }) termina el { $ends }.
no-tokens = No hay tokens.
head-name = NOMBRE
head-id = ID
head-used = ÚLTIMO USO
token-state-revoked = revocado
token-state-ended = terminado
logged-in = Sesión iniciada correctamente en { $server }
kept-in-keyring = La sesión se guarda en el llavero.
kept-in-file = La sesión se guarda en el archivo cifrado.
kept-in-memory = La sesión se guarda en memoria y termina con el agente.
note-file-store = No se usa el llavero: { $reason }. En su lugar, las credenciales se guardan en el archivo cifrado.
used-at = La configuración hace que la sesión de { $server } se use también en { $urls }.
became-default = Servidor predeterminado: { $server }
logged-out-revoked = Sesión cerrada en { $server } ({ $account }): revocada en el servidor.
logged-out-already-invalid = Sesión cerrada en { $server } ({ $account }): el servidor ya no conocía el token.
logged-out-not-supported = Sesión cerrada en { $server } ({ $account }): eliminada aquí; el servidor no permite revocarla.
logged-out-pending = Sesión cerrada en { $server } ({ $account }): eliminada aquí, pero no se puede contactar con el servidor; la revocación queda pendiente y el agente la reintentará mientras esté en ejecución.
logged-out-local = Sesión cerrada en { $server } ({ $account }): eliminada aquí; no se avisó al servidor.
cancelled = Cancelado.

not-logged-in = no hay ninguna sesión iniciada en { $server }
nobody-logged-in = no hay ninguna sesión iniciada en ningún servidor
login-expired = la sesión en { $server } ha caducado
renewed-again-in = { $server } rechaza cada token nuevo; el inicio de sesión se renueva de nuevo en { $seconds } s
login-refused-by-server = { $server } rechazó esta sesión
login-refused = { $server } rechazó el inicio de sesión (HTTP { $status })
code-expired = el código caducó antes de que se aprobara
left-alone = el inicio de sesión en { $server } que empezó git se dejó hace un momento; git vuelve a preguntar a los dos minutos
server-unreachable = no se puede contactar con { $server }: { $reason }
not-a-loom-server = { $server } no responde como un servidor Loom
server-redirects = { $server } redirige el inicio de sesión a otro lugar; la redirección no se sigue
bad-verification-url = { $server } indicó una página que no es seguro abrir
bad-token-from-server = { $server } envió un token que no se puede usar
bad-token = esto no es un token: debe ser una sola línea de 16 KiB como máximo y sin espacios
stdin-unreadable = no se puede leer la entrada estándar: { $error }
stdout-failed = no se puede escribir en la salida estándar: { $error }
secret-utf16 = esto es UTF-16 o no es texto; un secreto debe venir en UTF-8
hint-secret-utf16 = guárdelo como UTF-8; en PowerShell: $OutputEncoding = [Text.UTF8Encoding]::new($false)
hint-login = loom login --server { $server }
login-denied = se denegó el inicio de sesión en { $server }
login-ended = { $server } ha puesto fin a la sesión
nobody-came = nadie inició sesión en diez minutos
no-port = no se puede abrir ningún puerto al que vuelva el navegador: { $error }
port-taken = otro programa ocupa el puerto de { $url }, al que debe volver el navegador
not-the-redirect = nada de lo que se pegó es la dirección en la que termina el inicio de sesión en { $server }
not-oauth = { $server } no responde como un servidor OAuth
server-says = { $server } dice: { $error } { $description }
other-issuer = { $server } debería responder en nombre de { $expected }, pero responde en nombre de { $said }
unsafe-endpoint = { $server } indica una dirección que ni es https ni está en este equipo
other-login = la respuesta de { $server } pertenece a otro inicio de sesión
says-nothing = { $server } no indica cómo iniciar sesión
not-offered = { $server } no ofrece esta forma de iniciar sesión
no-client = { $server } exige saber de qué aplicación se trata, y loom no tiene ningún id. de cliente para { $issuer }
not-registered = loom no pudo registrarse para { $server }: { $reason }
needs-browser = para iniciar sesión en { $server } hace falta un navegador, y no hay nadie para usarlo
no-client-secret = { $server } necesita el secreto del cliente
not-renewable = { $server } no proporciona otros tokens para esta cuenta
no-id-token = la sesión de { $server } no tiene ningún token de ID
id-token-ended = el token de ID de { $server } ha caducado y el servidor no da otro
id-token-alone = un token de ID es como llegó: con él no se puede pedir ningún ámbito, recurso ni destinatario
hint-id-token = loom login --server { $server } --scope openid, con los demás ámbitos que necesites
no-exchange = { $server } no admite el intercambio de tokens
beyond-scope = { $server } dio un token para más de lo que se pidió: { $scopes }
page-title = loom: { $server }
page-logged-in = Ha iniciado sesión. Puede cerrar esta página.
hint-server-says = --scope y --client-id cambian lo que se pide; el administrador del servidor sabe qué significa
hint-issuer = si { $said } es el correcto, indíquelo: loom login --issuer { $said }
hint-says-nothing = indique su servidor de autorización con --issuer URL, o guarde un token con --with-token
hint-port-taken = cierre ese programa o registre otro redirect_uri; un inicio de sesión con código no necesita ningún puerto: --flow device
hint-beyond-scope = no se entrega; sin --scope el token es el del inicio de sesión: loom token --server { $server }
hint-other-flow = deje que loom elija: loom login --flow auto
hint-register-at = registre una aplicación en { $page } y después ejecute: loom login --server { $server } --client-id ID; o guarde un token con --with-token
hint-register = registre una aplicación allí y después ejecute: loom login --server { $server } --client-id ID; o guarde un token con --with-token
hint-client-secret = indique un archivo: --client-secret-file FILE, o - para la entrada estándar
hint-no-exchange = --resource URI pide otro token sin intercambio
hint-first-login = loom login --server https://your.server
hint-with-token = compruebe la dirección; un servidor de otro tipo admite un token: loom login --with-token --server { $server }
hint-renewed-again-in = compruebe si el servidor funciona: loom status --check --server { $server }
hint-server-unreachable = compruebe la dirección y la red, y vuelva a intentarlo
hint-git-proxy =
    git llega a { $server } por un proxy; para loom, en config.toml:
    {"[[server]]"}
    url = "{ $server }"
    proxy = "{ $proxy }"
hint-git-ca =
    git confía en una autoridad propia para { $server }; para loom, en config.toml:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
hint-git-proxy-and-ca =
    git llega a { $server } por un proxy y con una autoridad propia; para loom, en config.toml:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
    proxy = "{ $proxy }"
hint-server-redirects = inicie sesión en la dirección a la que redirige
hint-bad-token = si es una contraseña con otros caracteres, indique su usuario: --account USER

## Which server

no-server = no se indicó ningún servidor y no hay servidor predeterminado
bad-server = { $server } no es un servidor válido: { $reason }
bad-setting = { $value } no es un valor para { $setting }: { $values }
token-refused = { $server } no acepta este token o contraseña; no se guardó nada
hint-token-refused = cree otro allí; para guardarlo de todos modos: loom login --with-token --no-check --server { $server }
cleartext-refused = { $server } recibiría la credencial sin cifrar
url-malformed = no tiene la forma https://host[:port][/path]
url-no-host = falta el host
url-user-info = contiene un nombre de usuario o una contraseña
url-query = contiene una consulta o un fragmento
url-odd-host = el host no está escrito en su forma habitual
url-not-ascii = el host no es ASCII
url-odd-port = el puerto no es un número simple de 1 a 65535
url-odd-path = la ruta no está escrita en su forma habitual
url-ssh = es una dirección SSH, donde git usa una clave y no pregunta a ningún ayudante; por https es { $https }
url-too-long = es más larga que cualquier nombre de host o de archivo

grant-empty = está vacía; una concesión es `fetch URL`, `push URL REFS`, `GET URL/**` o `ANY URL/**`
grant-too-long = tiene más de 1024 bytes
grant-invisible = contiene caracteres que no se ven
grant-kind = empieza por { $word }; una concesión empieza por `fetch`, `push`, `ANY` o métodos en mayúsculas como `GET,POST`
grant-method = ninguna llamada con { $word } se transmite
grant-no-repository = le falta el repositorio: escriba su URL, como `https://git.example/org/app`
grant-url = { $url }: { $reason }
grant-repository = { $url } no nombra un repositorio; tiene la forma `https://git.example/org/app`
grant-no-refs = le falta lo que se puede enviar: una rama, o todas las que empiezan igual, como `agent/*`
grant-ref-name = { $name } no es un nombre que git tenga para una rama o una referencia
grant-ref-star = { $name }: un `*` solo está al final, donde abarca también las barras
grant-ref-magic = { $name }: fuera de ramas, etiquetas y notas una referencia se escribe completa, pues algunas son órdenes al servidor
grant-word = { $word } sigue a las referencias, donde solo `new`, `grow` y `delete` significan algo
grant-new-and-grow = `grow` incluye `new`: escriba uno de los dos
grant-no-pattern = le falta lo que se puede llamar, como `https://api.example/v1/**`
grant-pattern = { $url } no es una ruta tal como se envía: `https://`, un host, segmentos enteros, sin consulta
grant-pattern-star = { $url }: un `*` es un segmento entero, y `/**` está al final
grant-git-path = { $url } es una ruta de git: escriba `fetch` o `push` y el repositorio
grant-too-many-words = sigue con { $word }, donde no va nada más
grant-too-many = hay más de 100 concesiones
grant-missing = esto no se concedió; hace falta la concesión `{ $grant }`
git-path-called = esta es una ruta de git, que una concesión de llamadas nunca incluye; hace falta `fetch` o `push` y el repositorio
odd-call = esta ruta o este método no están escritos como puede estarlo una concesión
bad-grant = `{ $grant }` no es una concesión: { $reason }
no-grants = no se nombró ninguna concesión, y sin una un token no permite nada
hint-grant-missing = las concesiones del token son todo lo que puede hacer; loom why --push o --call dice lo que haría falta
hint-git-path-called = escriba la concesión como `fetch https://git.example/org/app` o `push https://git.example/org/app agent/*`
hint-odd-call = escriba la ruta como la tiene el servidor, sin barras ni puntos codificados, y el método en mayúsculas
hint-bad-grant = vea man loom-grants; ejemplos: `push https://git.example/org/app agent/*`, `GET https://api.example/v1/**`
only-unavailable = --only no está disponible aquí, así que el comando no se ejecutó
only-failed = no se pudo aislar el comando y no se ejecutó: { $step }: { $error }
hint-only-unavailable = requiere Linux y un directorio de archivos temporales que no se oculte; un contenedor con su propio socket también sirve
hint-only-failed = requiere espacios de nombres de usuario: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0; en un contenedor, dele un socket propio
exec-allowed = permitido: { $grant }
agent-too-old = el agente que se ejecuta no conoce concesiones, así que no se le pidió nada
exec-no-ssh = loom: SSH está desactivado aquí: solo se alcanza lo concedido, y por https
no-socket = la API de GitHub está concedida, y aquí no hay ningún socket por el que gh pueda alcanzarla
remote-with-password = un remoto de este directorio tiene una contraseña en su dirección, que git usaría al margen de las concesiones: { $repository }
not-led = por una regla suya (insteadOf o pushInsteadOf) git no pasa por loom para { $repository }
relay-failed = no se pudo abrir ningún puerto de esta máquina para el comando: { $error }
hint-agent-too-old = inicie el agente de esta versión: loom agent restart
field-allowed = Permitido:
unknown-grants = no hay concesiones llamadas { $name } en la configuración
no-origin = una concesión sin URL se refiere al repositorio de aquí, y no hay ninguno con un remoto llamado origin
odd-origin = el remoto de este directorio, { $url }, no es la dirección de un repositorio por https o SSH
hint-unknown-grants = añada [[grants]] con name = "{ $name }" y allow = ["…"] a config.toml
hint-no-socket = omita la concesión, o ponga un TMPDIR corto
hint-remote-with-password = quítela con git remote set-url e inicie sesión: loom login
hint-not-led = quite la regla de la configuración de git: git config --show-origin --get-regexp insteadof
hint-no-origin = escriba el repositorio, como `push https://git.example/org/app agent/*`
hint-server = indique uno con --server URL o defina uno predeterminado: loom config set-default-server URL
hint-server-form = escríbalo así: https://git.example o https://git.example:8443/base
hint-a-label = si este es el servidor al que se refiere, escriba { $host }
hint-allow-http = use https, o permita http para este servidor en config.toml: [[server]] url = "{ $server }", allow_http = true

## Status

head-server = SERVIDOR
head-account = CUENTA
head-kind = TIPO
head-stored-in = GUARDADA EN
head-expires = CADUCA
head-state = ESTADO
head-scopes = ÁMBITOS
renews-itself = se renueva sola
when-now = { $time }, ahora
when-far = { $time }
when-in-minutes =
    { $count ->
        [one] { $time }, dentro de 1 minuto
       *[other] { $time }, dentro de { $count } minutos
    }
when-minutes-ago =
    { $count ->
        [one] { $time }, hace 1 minuto
       *[other] { $time }, hace { $count } minutos
    }
when-in-hours =
    { $count ->
        [one] { $time }, dentro de 1 hora
       *[other] { $time }, dentro de { $count } horas
    }
when-hours-ago =
    { $count ->
        [one] { $time }, hace 1 hora
       *[other] { $time }, hace { $count } horas
    }
when-in-days =
    { $count ->
        [one] { $time }, dentro de 1 día
       *[other] { $time }, dentro de { $count } días
    }
when-days-ago =
    { $count ->
        [one] { $time }, hace 1 día
       *[other] { $time }, hace { $count } días
    }
kind-basic = contraseña
kind-token = token
kind-oauth = OAuth
in-keyring = llavero
in-file = archivo
in-memory = memoria
state-valid = válida
state-accepted = aceptada por el servidor
state-unknown = válida, el servidor no lo confirma
state-expired = caducada
state-unchecked = sin comprobar
state-unchecked-unknown = sin comprobar, el servidor no lo dice
state-and-default = { $state }, predeterminada
state-ends-in-days = termina en { $days } días
state-ends-in-hours = termina en { $hours } h
refused-what-now = Un inicio de sesión rechazado se prueba de nuevo a los cinco minutos si nada más encaja; enseguida, si el servidor lo acepta: loom status --check --server { $server }
state-refused = rechazada, inicie sesión de nuevo

why-user = Git nombra al usuario { $user }.
why-organization = { $user } es allí una organización, y esta es la única cuenta a la que nadie dio nombre.
why-person = Git nombra a { $user }, quien inició sesión allí.
why-configured-user = Ese nombre viene de la configuración de git, credential.username: { $user }
why-asked-before = Git pregunta a estos antes que a loom, y toma la primera respuesta que recibe: { $helpers }
why-rule = Lo dice una regla: para { $subject }, la cuenta { $user }.
why-path = Está guardada para { $path }, la ruta más larga que coincide.
why-oldest = De { $count } cuentas que coinciden, es la más antigua.
why-only = Es la única cuenta que coincide.
why-second-origin = La configuración ofrece la sesión de { $server } en { $url }.
why-none = No hay ninguna sesión iniciada allí.
why-none-second-origin = La configuración ofrece la sesión de { $server } en { $url }, y allí no hay ninguna sesión iniciada.
why-none-user = No hay ninguna cuenta del usuario { $user }.
why-none-shared = Varias sesiones son de { $user }; indique una por su cuenta.
why-none-emptied = Git no pregunta allí a loom: su configuración vacía la lista de asistentes. loom setup git --server { $server }
why-none-password = La URL contiene una contraseña, y git la usa sin preguntar a nadie.
why-none-rule = Una regla pide la cuenta { $user } para { $subject }, y no existe.
why-none-usable = Lo guardado ha caducado o el servidor lo rechazó; inicie sesión de nuevo.
why-none-cleartext = { $server } recibiría la credencial sin cifrar, y eso no está permitido.
why-not-refused = el servidor la rechazó; inicie sesión de nuevo
why-not-expired = ha caducado; inicie sesión de nuevo
why-not-first = también coincide, pero la otra tiene prioridad
why-not-path = está guardada para otra ruta: { $path }
why-not-user = es de otro usuario
why-needs-path = Una regla depende de la ruta, que git no indica por sí solo: git config --global credential.{ $server }.useHttpPath true
why-not-set-up = Git no tiene indicado preguntar a loom: loom setup git
why-granted = lo concede `{ $grant }`
why-granted-user = aquí todo es suyo; nombre un token con --token
why-granted-scopes = no hay concesiones, y los ámbitos lo permiten
why-not-granted = no está concedido; hace falta `{ $grant }`
why-not-granted-scopes = no hay concesiones, y los ámbitos no lo permiten
why-never-granted = ninguna concesión puede tratar de esto: una ruta de git que se llama, o una que los servidores leen de formas distintas
why-changes = puede: { $changes }
unclaimed = Hay sesiones de un Loom anterior a la espera de que indique su servidor con loom status --server URL: { $keys }

## The agent

agent-runs = El agente está en ejecución: proceso { $pid }, versión { $version }.
agent-other-version = El agente es la versión { $version }, este programa la { $own }: loom agent restart
memory-not-locked = Su memoria puede escribirse en el espacio de intercambio; si este no está cifrado, establezca LimitMEMLOCK=infinity para el agente.
agent-runs-already = ya hay otro agente en ejecución
agent-stopped = El agente se ha detenido. Lo que guarda en el llavero o en el archivo sigue ahí.
agent-locked = el agente está bloqueado
now-locked = El agente está bloqueado, y también cada agente que comparte sus almacenes: ninguno guarda un secreto ni lo entrega.
now-locked-here = El agente está bloqueado: no guarda ningún secreto en memoria y no entrega ninguno. Esto no vale para ningún otro agente suyo.
now-locked-without-passphrase = Desbloquearlo no pide frase de contraseña, porque no hay ninguna: loom store rekey --passphrase
now-unlocked = El agente está desbloqueado.
passphrase-needed = hace falta la frase de contraseña
passphrase-pause = las frases erróneas ya se responden solo a los { $seconds } segundos
wrong-passphrase = esa no es la frase de contraseña
other-passphrase = esa frase de contraseña abre una clave, pero no la que cifra las credenciales: un cambio de frase se interrumpió
hint-wrong-passphrase = inténtelo de nuevo; tras cada equivocación la siguiente espera más
hint-other-passphrase = la otra las abre: si esta es la frase nueva, la antigua; si no, la nueva
bad-passphrase = una frase de contraseña es una sola línea, y no está vacía
passphrases-differ = son dos frases de contraseña distintas; no se cambió nada
passphrase-prompt = Frase de contraseña:
new-passphrase-prompt = Nueva frase de contraseña:
passphrase-again-prompt = Otra vez:
git-needs-unlock = Git necesita una credencial, y loom está bloqueado.
hint-unlock = loom unlock
agent-not-running = el agente no está en ejecución
agent-not-started = no se puede iniciar el agente: { $error }
agent-not-reached = no se puede contactar con el agente en { $path }: { $error }
agent-gone = el agente se cerró antes de responder
agent-awaited = Esperando al agente…
agent-awaits = Esperando: { $what }
disk-awaited = el disco de { $path } aún no ha respondido
server-awaited = { $server } aún no ha respondido
keyring-awaited = el llavero aún no ha respondido
agent-late = El agente no respondió en { $seconds } segundos
agent-stopping = el agente se está deteniendo
agent-speaks-otherwise = no se entiende la respuesta del agente
agent-silent = el agente no responde
agent-unreachable = un agente (proceso { $pid } en { $host }) tiene { $path } y no responde allí
agent-ended-anyway = El agente no respondía y se le ha puesto fin: proceso { $pid }.
agent-not-ended = el agente no responde y no se le puede poner fin: proceso { $pid }
agent-unreached = se inició un agente, pero no está en { $path }
agent-speaks-version = el agente habla la versión { $version } del protocolo, este programa la { $own }
hint-agent-silent = póngale fin e inicie otro: loom agent restart
hint-socket-shared =
    { SYSTEM() ->
        [windows] cada máquina necesita una tubería propia: ponga en LOOM_AGENT_SOCK otro nombre, o en LOOM_STATE_DIR un directorio de esta máquina
       *[other] cada máquina necesita un socket propio: ponga en XDG_RUNTIME_DIR o en LOOM_AGENT_SOCK un directorio de esta máquina
    }
said = { $text }
socket-unsafe = no es seguro usar el socket del agente: { $reason }
hint-start-agent = inícielo con: loom agent start
hint-agent-beside = loom-agent debe estar junto a loom o en un directorio de PATH
hint-restart-agent = puede que el agente sea de otra versión: loom agent restart
hint-socket-unsafe =
    { SYSTEM() ->
        [windows] su directorio debe ser accesible solo para usted: quite a los demás en sus propiedades, Seguridad, o defina { $variable } con una ruta en un directorio así
       *[other] su directorio debe ser accesible solo para usted: aplíquele chmod 700, o defina { $variable } con una ruta en un directorio así
    }
hint-socket-place =
    { SYSTEM() ->
        [windows] permita escribir en él, o defina LOOM_STATE_DIR con una ruta que lo permita
       *[other] permita escribir en él, o defina XDG_RUNTIME_DIR o LOOM_AGENT_SOCK con una ruta que lo permita
    }
hint-try-again = vuelva a intentarlo
hint-agent-late = vuelva a preguntar; loom status dice a qué llega, y loom agent restart empieza de nuevo
not-a-request = esto no es una petición
unknown-verb = el agente no conoce la petición { $verb }
unknown-version = el agente no admite la versión { $version } del protocolo
token-unknown = el agente no conoce el token de LOOM_TOKEN
hint-token-unknown = elimine la variable LOOM_TOKEN para hacer la petición con sus propios permisos
too-many-wrong-tokens = se mostraron demasiados tokens equivocados; dentro de { $seconds } segundos se vuelven a anotar
scope-missing = el token presentado no tiene el ámbito { $scope }
reveal-missing = el token presentado no se emitió con --reveal, así que no se le entrega el secreto de un servidor
status-only = este rol solo mira quién ha iniciado sesión y dónde; pida al dueño de este agente que le asigne servidores
hint-status-only = el dueño escribe servers.viewer = ["https://…"] en [[http.issuer]] de la configuración
no-role-here = { $person } no tiene ningún rol aquí; pida uno al dueño de este agente
not-allowed-here = { $person } no está entre quienes pueden entrar aquí; hable con el dueño de este agente
hint-no-role-here = el dueño da los roles en [[http.issuer]] de la configuración: roles, default_role, allow; vea man loom.toml
token-of-issuer = este token es de { $issuer }, y solo { $issuer } puede terminarlo; aquí vale hasta que caduque
hint-token-of-issuer = cierre la sesión allí; aquí terminan las sesiones y los tokens emitidos
token-for-some-servers = el token presentado es solo para ciertos servidores, y esto concierne a todos
hint-token-rights = pida a quien lo emitió uno con más permisos, o elimine la variable LOOM_TOKEN para usar los suyos
only-the-user = con un token nadie dice qué archivos, emisores y frases de contraseña cuentan aquí; eso corresponde al usuario y a su configuración
hint-only-the-user = quite LOOM_TOKEN para decirlo usted mismo, o escríbalo en la configuración; consulte loom.toml(5)
http-is-open = la puerta HTTP está abierta en { $url } y no se abrió con este token
hint-http-is-open = úsela allí, o quite LOOM_TOKEN para abrirla usted mismo en otro sitio
directory-of-another = { $path } pertenece a otro usuario, por lo que loom no crea ni inicia nada allí
hint-directory-of-another =
    { SYSTEM() ->
        [windows] ejecute loom como ese usuario, o ponga en LOOM_CONFIG_DIR y LOOM_STATE_DIR directorios propios
       *[other] ejecute loom como ese usuario, o con un directorio personal propio: sudo -i loom …
    }
token-too-wide = no se emite un token con más permisos que el de LOOM_TOKEN
hint-token-too-wide = pida menos ámbitos y servidores, o elimine la variable LOOM_TOKEN
unknown-role = no existe el rol { $role }
hint-unknown-role = admin, operator, viewer, auditor, o uno de [roles] en los ajustes
scopes-or-role = un token necesita ámbitos o un rol
hint-scopes = --scopes read,write o --role viewer; los ámbitos son *, control, write, read, audit
bad-expiry = un token vive al menos un día, y no para siempre
hint-bad-expiry = --expires 30 significa treinta días
lives-too-long = los días que un token suyo puede vivir como máximo: { $most }
hint-lives-too-long = max_expiration_days en [tokens] de la configuración; quien no puede emitir tokens tiene default_expiration_days
bad-token-name = el nombre de un token es una línea de 1 a 255 caracteres, todos visibles
token-replaced = este token ya se renovó antes: { $id } ocupa su lugar
name-of-several = varios tokens activos tienen el nombre { $name }
hint-token-replaced = renueve ese, o nombre el token por su nombre
hint-name-of-several = indique el que desea por su ID, que muestra loom token list
token-name-taken = un token activo ya tiene ese nombre
unauthenticated = no se mostró nada que diga quién pregunta
hint-unauthenticated = envíe Authorization: Bearer con un token de loom token generate
too-many-attempts = demasiadas peticiones o intentos; vuelva dentro de { $seconds } segundos
form-outdated = este formulario pertenece a otra sesión
hint-form-outdated = vuelva a cargar la página
code-unknown = nadie espera con este código
hint-code-unknown = compruebe el código; vale diez minutos y una sola vez
sign-in-unknown = este inicio de sesión no empezó en este navegador o tardó demasiado
hint-sign-in-again = inicie sesión otra vez
counted-token = con un token de usos contados nadie inicia sesión
hint-counted-token = muestre uno emitido sin --max-uses
http-not-open = La puerta HTTP de la configuración no está abierta; loom serve dice por qué.
no-such-session = no existe la sesión { $id }
no-issuer = no hay ningún proveedor en el que iniciar sesión
hint-no-issuer = indíquelo como [[http.issuer]] en la configuración o en LOOM_OIDC_ISSUER
server-crowded = aún no se ha preguntado a { $server }: otras cuentas van antes
issuer-silent = se acaba de preguntar a { $issuer } y no respondió
bad-issuer = { $issuer } no es una URL https ni una URL http de esta máquina
no-oidc-client = LOOM_OIDC_ISSUER está definida, pero LOOM_OIDC_CLIENT_ID no
http-half-tls = un certificado necesita su clave, y una clave su certificado
http-bad-address = { $address } no es una dirección con puerto
http-needs-tls = { $address } es accesible desde fuera, así que hace falta un certificado
http-address-trouble = no se puede usar { $address }: { $error }
http-not-opened = no se abre la puerta HTTP: { $reason }
hint-serve = por ejemplo --listen 127.0.0.1:57374, o --tls-cert FILE --tls-key FILE para otras máquinas
http-open = Abierta hasta que el agente se detenga. Ciérrela con loom serve --stop
http-closed = La puerta HTTP está cerrada.
agent-serves = La puerta HTTP está en { $url }
no-such-token = no existe el token { $name }
hint-tokens = loom token list
too-many-tokens = hay { $most } tokens activos, que es el límite
hint-too-many-tokens = revoque uno con loom token revoke, o suba max_active en [tokens] de los ajustes
ledger-unreadable = { $path } no es una lista de tokens que este loom pueda leer; no se cambió nada
sockets-unreadable = no se pueden leer los sockets de { $path }, así que ninguno está abierto
hint-ledger =
    { SYSTEM() ->
        [windows] actualice loom, o apártela, lo que termina todos los tokens emitidos: move "{ $path }" "{ $path }.old"
       *[other] actualice loom, o apártela, lo que termina todos los tokens emitidos: mv { $path } { $path }.old
    }
hint-sockets-unreadable =
    { SYSTEM() ->
        [windows] para empezar sin ellos: move "{ $path }" "{ $path }.old", y después: loom agent restart
       *[other] para empezar sin ellos: mv { $path } { $path }.old && loom agent restart
    }
socket-added = En este socket todos tienen los permisos del token, y ninguno más: { $path }
socket-removed = El socket está cerrado: { $path }
socket-is-there = ya existe ese socket: { $path }
socket-not-opened = no se abrió el socket: { $reason }
socket-not-absolute = { $path } no es una ruta que el agente pueda abrir
no-such-socket = no existe ese socket: { $path }
socket-of-another = el socket { $path } no se añadió con este token
hint-door-of-another = quite LOOM_TOKEN para cerrarlo usted mismo
hint-socket = su directorio tiene que ser suyo y estar cerrado a los demás: mkdir -m 700 DIRECTORIO
hint-sockets = loom agent socket list
one-server = --server nombra aquí un solo servidor
internal = error interno de loom; LOOM_LOG=debug loom-agent --foreground muestra más detalles

## Where credentials are kept

new-ones-go = Las credenciales nuevas van aquí: { $place }
kept-there = Guardadas allí, { $place }: { $count }
migrated = Movidas: { $count }. Ahora todo se guarda aquí, también las credenciales nuevas: { $place }
rekeyed = El archivo cifrado tiene una clave nueva.
passphrase-set = Solo la frase de contraseña lo abre. Si la olvida, nadie podrá ayudarle.
store-passphrase = El archivo cifrado solo se abre con una frase de contraseña.
rekey-how = el archivo cifrado tiene una frase de contraseña, y hay que decir qué será de ella
hint-rekey-how = loom store rekey --passphrase para una frase nueva, o --no-passphrase para prescindir de ella
migrate-to-memory = las credenciales no se pueden mover a la memoria
migrate-fixed = el agente se inició con LOOM_STORE, que determina dónde se guardan las credenciales
record-damaged = lo que el llavero tiene de { $account } en { $server } está dañado
note-tokens-gone = La lista de los tokens emitidos ha desaparecido, y con ella ha terminado todo token que estaba en ella: { $path }
revocation-awaited = Terminado aquí, pero todavía no en el servidor, que no ha respondido; el agente lo reintenta durante un día: { $accounts }
revocation-given-up = Terminado aquí y quizá no en el servidor, al que no se pudo preguntar; lo que dio puede valer hasta que termine por sí mismo: { $accounts }
note-damaged = Lo que el llavero tiene de { $account } en { $server } está dañado: inicie sesión de nuevo, o ciérrela para borrarlo.
note-keyring-found = Ahora hay un llavero: desde ahora las credenciales van allí. Lo que está en el archivo sellado sigue a la vista.
cleartext-for-git = no se da nada a { $server }, porque iría sin cifrar
hint-cleartext-for-git =
    si es lo que quiere, como con la contraseña de un proxy, dígalo en config.toml:
    {"[[server]]"}
    url = "{ $server }"
    allow_http = true
keyring-locked = el llavero está bloqueado
keyring-unavailable = no se puede usar el llavero: { $reason }
keyring-hangs = no responde
keyring-refused = rechazó la petición
keyring-says = { $error }
keyring-empty = no tiene una colección predeterminada
no-session-bus = no hay bus de sesión (D-Bus)
no-random = el sistema no proporciona números aleatorios: { $error }
store-damaged = { $path } está dañado; no se modificó nada en él
store-wrong-key = { $path } está cifrado con una clave distinta de { $key }; no se modificó nada
store-missing = falta { $path }, donde se guardaban credenciales
store-newer = { $path } fue escrito por una versión más reciente de loom; no se modificó nada
store-busy = el almacén de credenciales no responde a tiempo
store-not-kept = el almacén no conservó lo que se escribió en él; lo que contenía antes sigue ahí
store-without-user = no se guardan contraseñas sin nombre de usuario
file-trouble = { $path }: { $error }
file-not-plain = { $path } es un enlace o no es un archivo normal
file-owner = { $path } pertenece a otro usuario
file-mode = { $path } es accesible para otros usuarios
file-hard-link = { $path } tiene un segundo nombre en otro lugar
file-no-file = { $path } no es un archivo normal
file-empty = { $path } está vacío
disk-silent = El disco no respondió en { $seconds } segundos
file-too-large = { $path } tendría más de { $size } MiB
file-locked = otro proceso tiene bloqueado { $path }
file-locked-by = el proceso { $pid } ({ $program }) tiene bloqueado { $path }
hint-migrate = loom store migrate --to keyring, o --to file
hint-migrate-fixed = quite LOOM_STORE del entorno y luego: loom agent restart
hint-keyring-locked = desbloquéelo (inicie sesión en el escritorio o use la herramienta del llavero), o guarde las credenciales en el archivo: loom config set store file
hint-keyring-unavailable = vuelva a intentarlo, o guarde las credenciales en el archivo cifrado: loom config set store file
hint-store-damaged = loom doctor enumera lo que está íntegro, y loom doctor --restore lo conserva
hint-store-wrong-key =
    { SYSTEM() ->
        [windows] devuelva la clave a su sitio, o aparte el archivo e inicie sesión de nuevo: move "{ $path }" "{ $path }.old"
       *[other] devuelva la clave a su sitio, o aparte el archivo e inicie sesión de nuevo: mv { $path } { $path }.old
    }
commands-anew = loom agent restart
commands-anew-without =
    { SYSTEM() ->
        [windows] del { $files }; loom agent restart
       *[other] rm { $files } && loom agent restart
    }
hint-store-missing = recupérelo de una copia de seguridad; para empezar de nuevo sin lo que contenía: { $anew }
hint-store-missing-copy = loom doctor --restore recupera lo que aún tienen su copia y este agente; para empezar de nuevo sin ello: { $anew }
hint-store-newer = actualice loom
hint-file-mode =
    { SYSTEM() ->
        [windows] icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"
       *[other] chmod go= { $path }
    }
hint-file-unsafe =
    { SYSTEM() ->
        [windows] examine su propietario y sus permisos (Propiedades, Seguridad), y apártelo si no lo creó usted
       *[other] examínelo con ls -l, y apártelo si no lo creó usted
    }
hint-file-io = compruebe el espacio libre en el disco y los permisos, y vuelva a intentarlo
hint-stdout-failed = compruebe adónde va: un disco lleno, un programa que terminó
hint-disk-silent = compruebe el disco, o el servidor en que está; loom agent restart empieza de nuevo
hint-file-too-large = cierre las sesiones que ya no necesite (loom logout), o guarde menos
hint-file-locked = espere a que ese proceso termine, o termínelo, y vuelva a intentarlo

## The doctor

doctor-door = Los programas de esta máquina lo encuentran en { $path }.
doctor-door-kept = Los programas de esta máquina lo encuentran en { $path }, donde { $keeper } escucha por él.
doctor-keyring = El llavero es { $name }; las credenciales nuevas van allí.
doctor-keyring-idle = El llavero es { $name }; las credenciales nuevas van a otro sitio.
doctor-file-absent = No hay ningún archivo cifrado en { $path }.
doctor-file-whole = El archivo cifrado { $path } está íntegro: { $count } registros.
doctor-file-locked = El archivo cifrado { $path } está bloqueado: loom unlock
doctor-file-damaged = El archivo cifrado { $path } está dañado. Registros que se pueden recuperar: { $count }
doctor-file-missing = Falta el archivo cifrado { $path }. Registros que loom doctor --restore recupera: { $count }
doctor-restore = loom doctor --restore lo aparta y crea uno nuevo con estos.
doctor-put-aside = El archivo dañado se conserva en { $path }.
doctor-file-closed = No se puede examinar el archivo cifrado { $path }.

## The audit log

audit-whole = { $file } está íntegro: { $count } entradas desde { $since }. El final de su cadena: { $head }
audit-empty = { $file } todavía no tiene entradas.
audit-dropped = Antes de eso se descartaron { $files } archivos con { $entries } entradas, pues no se conservan más.
audit-missing = Falta el comienzo de { $file }: loom no descartó lo que había antes de { $since }.
audit-cut = Líneas que un fallo dejó cortadas: { $count }. No falta ninguna entrada por ellas.
audit-broken = El registro no está como se escribió, a partir de aquí: { $place }
audit-unreadable = no se puede leer el registro de auditoría: { $error }
audit-unwritable = no se puede escribir el registro de auditoría: { $error }
hint-audit-unwritable = compruebe que el disco tiene espacio y que el directorio del registro es suyo: a nadie se dan derechos de los que el registro no sabría
audit-not-written = el registro de auditoría no se escribe desde { $since }: { $reason } (entradas que esperan en memoria: { $waiting }, perdidas: { $lost })

## Networks

no-tls = no se pueden establecer conexiones seguras: { $reason }
no-answer-within = no hubo respuesta en { $seconds } segundos
answer-too-long = la respuesta es demasiado larga
answer-trouble = tiene problemas (HTTP { $status })
answer-redirects = redirige a otro lugar; la redirección no se sigue
tls-file-empty = { $path } no contiene ningún certificado
tls-key-alone = { $path } es una clave sin su client_certificate
tls-file-bad = no se puede usar { $path }: { $error }
tls-cert-expired = el certificado de { $path } caducó el { $date }: sustitúyalo
tls-cert-expires = el certificado de { $path } caduca el { $date }
tls-cert-early = el certificado de { $path } no es válido antes del { $date }
tls-key-readable =
    { SYSTEM() ->
        [windows] otros pueden leer la clave { $path }: icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"
       *[other] otros pueden leer la clave { $path }: chmod 600 { $path }
    }
tls-not-used = el nuevo { $path } no se usa y sigue el certificado anterior: { $reason }
proxy-bad = no se puede usar el proxy de { $variable }
hint-proxy-bad = escríbalo como http://HOST:PUERTO o bórrelo; [[server]] proxy en la configuración va antes
agent-of-other-home = este agente tiene otra configuración y otro almacén que los suyos
hint-agent-of-other-home = LOOM_AGENT_SOCK indica el socket del suyo; o bórrelo
network-says = { $error }

## Llamadas a API

api-waiting = El servidor pide esperar { $seconds } segundos; esperando…
api-refused = { $server } rechazó la llamada (HTTP { $status })
api-refused-because = { $server } rechazó la llamada (HTTP { $status }): { $detail }
api-scope-missing = { $server } rechazó la llamada, para la que a la sesión le falta el ámbito { $scope }
hint-api-scope-missing = inicie sesión con ese ámbito, o indique una cuenta que lo tenga: --account USER
hint-api-too-many = por ahora no acepta más llamadas; inténtelo más tarde
proxy-no-grants = el proxy es para tokens con concesiones, y no hay ninguna
hint-proxy-no-grants = loom exec --allow CONCESIÓN -- ORDEN, o loom token generate NOMBRE --allow CONCESIÓN
proxy-nothing-there = no hay nada concedido en { $host }
hint-proxy-nothing-there = nombre el servidor como anfitrión o como primera parte de la ruta, igual que las concesiones
proxy-not-shown-to-grow = { $name } solo puede crecer, y no se ha demostrado
hint-proxy-not-shown-to-grow = parta de lo que hay ahora (git pull --rebase); una rama reescrita no se acepta
proxy-granted-here = concedido aquí: { $grant }
proxy-push-whole = no se ha enviado, porque se rechazó otra referencia
proxy-link-refused = loom no va adonde el servidor dice que está el archivo
proxy-file-status = el lugar del archivo respondió { $status }
proxy-odd-git = las peticiones de git solo se transmiten en su forma habitual
hint-proxy-odd-git = fetch y push por HTTP inteligente funcionan; los archivos y el protocolo simple no
proxy-not-over-frames = esta conexión no puede llevar peticiones de otros programas
hint-proxy-not-over-frames = en la puerta HTTP van a /via/HOST/RUTA
proxy-ambiguous = la petición puede leerse de dos maneras
proxy-nothing-shown = la petición no muestra ningún token
hint-proxy-nothing-shown = muéstrelo con Authorization: Bearer, o como contraseña de Basic
proxy-not-the-token = lo que muestra la petición no es el token que vale aquí
proxy-encoding = el cuerpo tiene una codificación que aquí no se lee
proxy-body = el cuerpo no se transmite: { $why }
proxy-led-elsewhere = { $server } lleva a { $to }, donde no hay nada concedido
hint-proxy-led-elsewhere = conceda también ese lugar, si es el que se quiere, y pregunte allí
proxy-form = un formulario puede nombrar otro método, así que necesita una concesión para todos
hint-proxy-form = envíe JSON, o haga conceder ANY para esta ruta
proxy-not-gits = { $server } no respondió como lo hace un servidor git
proxy-no-link = no existe tal enlace a un archivo grande, o ya no
hint-proxy-no-link = pida el archivo de nuevo
proxy-token-in-url = hay un token en la URL, donde los servidores lo anotan
hint-proxy-token-in-url = quítelo: el agente muestra el suyo
api-odd-path = esto no es una ruta tal como se escribe en una URL
hint-api-odd-path = escríbala como /api/tasks?limit=5, con lo que no sea ASCII, y los espacios, como %20; sin # y sin .., se codifique como se codifique
api-elsewhere = esto no está en { $server } ni por debajo, y una sesión no va a ninguna otra parte
hint-api-elsewhere = indique el servidor al que pertenece: --server URL
api-bad-header = { $name } no es una cabecera como las de HTTP
api-header-refused = la cabecera { $name } solo la envía el agente
hint-api-header-refused = omítala: el agente dice quién pregunta y cómo
api-header-underscore = la cabecera { $name } tiene un guion bajo, que algunos servidores leen como un guion
hint-api-header-underscore = si es lo que quiere decir: { $plain }
api-header-unknown = un token no puede enviar la cabecera { $name } a { $server }
hint-api-header-unknown = podría decir quién pide, o adónde va la llamada; el dueño la permite con api_headers = ["{ $name }"] en un [[server]] con url = "{ $server }"
api-parameter-refused = el parámetro { $name } haría de ella otra llamada que la que se pide
hint-api-parameter-refused = quítelo, y nombre el método mismo
api-bad-method = { $method } no es un método que se pueda usar
api-no-account-may = ninguna cuenta en { $server } tiene el ámbito { $scope }, que esta llamada necesita
hint-api-no-account-may = loom status muestra los ámbitos; inicie sesión con más, o guarde allí otro token
api-beyond-scope = esta llamada necesita el ámbito { $scope }, que va más allá de --scope
hint-api-beyond-scope = omita --scope, o indique uno más amplio
api-not-repeated = { $server } rechazó el token, que ya se ha renovado; lo que se envió no se puede leer otra vez
api-body-unreadable = no se puede leer lo que se iba a enviar: { $error }
api-bad-field = { $field } no es un parámetro de la forma CLAVE=VALOR que encaje con los demás
hint-api-bad-field = por ejemplo -f title=Hello -F count=3 -f 'owner[name]=alice' -f 'tags[]=new'
api-bad-selection = { $text } no es una ruta con la que loom pueda seleccionar
hint-api-bad-selection = por ejemplo .name, .items[0], .items[].id; para más, pase la respuesta a jq
api-not-json = la respuesta no es JSON, así que no se puede seleccionar nada de ella
api-selection-unfit = la respuesta no tiene nada del tipo que se quería seleccionar
api-paginate-reads = --paginate solo va con GET
api-bad-link = { $server } nombra una página siguiente que no tiene sentido

## Tokens de un servidor

server-token-kept = Guardado en el agente como la cuenta { $account } de { $server }.
server-token-revoked = Revocado en { $server }: { $name }.
server-token-other = { $server } dio un token distinto del que se pidió, con { $scopes }; se revocó en el acto
server-token-other-kept = { $server } dio un token distinto del que se pidió, con { $scopes }, y no lo revoca: { $id }
server-token-odd = { $server } no responde como los servidores que tienen tales tokens
account-taken = ya hay una cuenta { $account } en { $server }
hint-account-taken = dé otro nombre al token, o cierre antes la sesión de esa cuenta

## Settings

config-invalid = { $path } no es válido: { $error }
unknown-setting = no existe el ajuste { $key }
unknown-store = LOOM_STORE vale { $name }, que no es auto, keyring, file ni memory
path-not-absolute = { $variable } no es una ruta absoluta: { $path }
no-home = no hay directorio personal: defina HOME, o LOOM_CONFIG_DIR y LOOM_STATE_DIR
variable-too-long = { $variable } es demasiado largo para un socket, que admite { $limit } bytes como máximo: { $path }
socket-too-long = { $path } es demasiado largo para un socket, que admite { $limit } bytes como máximo
hint-path-variable = { $variable } decide dónde está: defínala con un lugar suyo
hint-config = corrija el archivo; man loom.toml muestra lo que puede contener
hint-settings = los ajustes son: { $known }

## Git

tool-helper-usage = otra herramienta ejecuta este programa; rara vez hace falta ejecutarlo a mano
hint-tool-helper-usage = { $usage }; para configurarlo: loom setup HERRAMIENTA
git-helper-usage = git ejecuta este programa; rara vez hace falta ejecutarlo a mano
hint-git-helper-usage = git-credential-loom get|store|erase|capability; para configurarlo: loom setup git
git-input-refused = petición de git rechazada: { $reason }
git-input-timeout = no llegó ninguna petición por la entrada estándar
nobody-to-ask = se necesita un token y no hay ningún terminal donde pedirlo
hint-nobody-to-ask = entréguelo por la entrada estándar de la herramienta
git-too-long = es demasiado larga
git-truncated = termina en mitad de una línea
git-no-equals = tiene una línea sin «=»
git-control = tiene una línea con un carácter de control
git-not-utf8 = tiene un valor que no es UTF-8
git-contradiction = indica dos veces un mismo atributo con valores distintos
git-incomplete = le falta el protocolo o el host
git-bad-url = su url no tiene la forma protocol://[user@]host[/path]
secret-not-sayable = la credencial guardada no se puede expresar en el formato de git; inicie sesión de nuevo
hint-git-input = se esperan líneas key=value seguidas de una línea vacía; consulte man git-credential
git-not-there = loom no estaba en { $key }.
git-order = git pregunta a sus asistentes en este orden hasta que uno responde: { $helpers }
git-left-out = Para { $url } git no pregunta a loom, pues allí se vacía su lista de asistentes: { $command }
git-left-out-everywhere = Git no pregunta a loom, pues después se vacía su lista de asistentes: { $command }
git-store-in-clear = El asistente store escribe cada contraseña que recibe en un archivo sin cifrar; se quita con git config --global --unset-all credential.helper store
git-removed = Se ha quitado loom de { $key }.
git-missing = no se puede ejecutar git: { $error }
git-refused = git no cambió su configuración: { $error }
git-silent = git no respondió en { $seconds } segundos
hint-git-missing = instale git o añada su directorio a PATH
netrc-unsayable = el nombre de usuario o el secreto no pueden figurar tal cual en un archivo netrc
no-access-key = lo que se guarda para { $server } no es una clave de acceso
hint-no-access-key = loom login --server { $server } --account KEY-ID --with-token
at-login-added = El agente se inicia cuando usted inicia sesión: { $place }
at-login-removed = El agente ya no se inicia cuando usted inicia sesión: se quitó { $place }.
at-login-goes-on = Lo que se inició al iniciar usted sesión puede seguir hasta que la cierre: { $error }
at-login-absent = Nada que loom haya escrito inicia el agente cuando usted inicia sesión.
agent-missing = loom-agent no está instalado junto a loom
at-login-of-another = loom no escribió { $path } y lo deja como está
hint-at-login-of-another = use lo que hay allí, o apártelo y vuelva a intentarlo
at-login-no-home = no hay directorio personal donde escribirlo
at-login-refused = { $program } no lo hace: { $error }
hint-at-login-refused = haga que su sesión ejecute loom-agent al empezar; si no, lo inicia el primer comando que lo necesite
not-in-windows = esto no es WSL: no hay alrededor un Windows cuyo ayudante pueda nombrarse
kube-no-cluster = kubectl no dice a qué clúster envía el token
kube-not-lent = el kubeconfig haría enviar el token de { $server } a { $cluster }, y su configuración no lo presta allí
kube-unread = no se entiende lo que dice KUBERNETES_EXEC_INFO
windows-helper-missing = git-credential-loom.exe no está en ningún directorio de PATH
hint-windows-helper-missing = instale loom en Windows, en un directorio de su PATH, que WSL adopta salvo que /etc/wsl.conf diga appendWindowsPath=false
no-such-header = lo que se guarda para { $server } no puede ir en una cabecera del esquema { $scheme }
not-kept = no se guarda nada para { $server }: ha caducado, o no lo permiten los ajustes o el token de LOOM_TOKEN
hint-not-kept = loom why { $server } muestra lo que dicen los ajustes
hint-kube-no-cluster = ponga provideClusterInfo: true en el bloque exec del kubeconfig
hint-kube-not-lent = si es lo que quiere, escriba en config.toml: [[server]] url = "{ $cluster }", login = "{ $server }"
hint-kube-unread = ponga client.authentication.k8s.io/v1 como apiVersion del bloque exec del kubeconfig
hint-netrc-unsayable = loom token --header lo imprime para curl -H @-
hint-setup-file = haga que sea un archivo suyo con un solo nombre e inténtelo de nuevo
hint-setup-takes-no-server = omita --server
hint-setup-unknown-server = escriba primero el servidor en los ajustes de la herramienta e inténtelo de nuevo
hint-setup-tool-failed = corrija lo que indica, o póngala en PATH, e inténtelo de nuevo
helper-missing = git-credential-loom no está instalado junto a loom
hint-helper-missing = instale los tres programas en un mismo directorio
setup-is-done = { $tool } ya pregunta a loom.
setup-not-there = { $tool } no pregunta a loom; en { $path } no cambia nada.
setup-restored = { $path } está como antes.
setup-taken-out = { $path } cambió desde entonces; solo se quita lo que escribió loom.
setup-block-taken-out = { $tool } ya no pregunta a loom: su bloque está fuera de { $path }, que { $tool } escribió con su propio formato.
setup-not-in-path = PATH no lleva al { $program } de loom: ponga { $directory } en él, delante de cualquier otro { $program }.
setup-copied = Lo que { $helper } tiene para { $entry } está ahora también en loom.
setup-taken-over = El secreto de { $entry } está ahora en loom y ya no en { $path }. Se queda en loom pase lo que pase con la configuración.
setup-left = El secreto de { $entry } sigue en texto claro en { $path }: loom no dice el mismo.
setup-left-since = El secreto de { $entry } sigue en texto claro en { $path }: { $error }
setup-other-kept = loom ya tiene otro para esa entrada
setup-part-of-registry = a un asistente se le pregunta solo por registros enteros, y este es para una parte de uno
setup-no-index = { $path } no nombra ningún índice para él
setup-no-address = allí no consta para qué servidor es: defina VAULT_ADDR o BAO_ADDR
setup-run-again = Cuando el agente responda (loom agent start, loom unlock), esto los traslada: loom setup { $tool }
setup-head-tool = PROGRAMA
setup-head-program = RUTA
setup-head-asks = PREGUNTA A
setup-head-clear = TEXTO CLARO
setup-take-over = loom setup TOOL hace que un programa pregunte a loom y traslada lo que tiene en texto claro.
setup-not-copied = lo que { $helper } tiene para { $entry } no llegó a loom, así que no se cambió nada: { $error }
setup-other-helper = { $path } ya tiene otro asistente: { $key } es { $helper }
hint-setup-force = --force pone a loom en su lugar; --remove lo devuelve
setup-other-login = { $path } ya tiene otra forma de iniciar sesión: { $key }
hint-setup-not-copied = compruebe que ambos responden (loom status) o quite esa entrada del otro, y ejecútelo de nuevo
hint-setup-other-login = loom no podría devolverla: quítela antes (kubectl config unset) o use un contexto de otro usuario
setup-broken = { $path } no es lo que leería su programa y se queda como está: { $error }
hint-setup-broken = corrija el archivo o apártelo
setup-changed-meanwhile = alguien más cambió { $path } en el mismo momento
setup-file-of-another = { $path } pertenece a otro usuario
setup-file-more-names = { $path } tiene otro nombre más (un enlace duro), y después serían dos archivos
setup-name-taken = { $path } es otro programa
hint-setup-name-taken = quítelo de PATH o apártelo
setup-needs-server = { $tool } pregunta a un asistente solo por servidores sueltos
hint-setup-needs-server = nombre uno: --server URL, que se puede repetir
setup-takes-no-server = { $tool } pregunta a su asistente por todos los servidores; no hay nada que acotar
setup-unknown-server = nada en { $path } lleva a { $server }
setup-tool-failed = { $tool } no hizo su parte: { $error }

## The command line

command-not-run = no se puede ejecutar { $program }: { $error }
usage-unknown = no existe { $what }
usage-missing = falta { $what }
usage-no-value = { $what } necesita un valor
usage-value = { $value } no es un valor válido para { $what }
usage-conflict = { $what } no se puede usar junto con { $other }
usage-other = no se entiende la línea de comandos
server-unused = --server no significa nada aquí
which-account = { $server } tiene varias cuentas: { $known }
several-accounts = { $server } tiene varias cuentas, y no se dijo cuál: { $known }
hint-logout-which = indique una: loom logout { $server } --account USER; --all significa todas
hint-switch-which = indique una: loom switch { $server } ACCOUNT
no-such-rule = no hay ninguna regla { $place }
hint-rules = loom rule list las muestra con sus números
env-line = { $path }, línea { $line }: { $error }
hint-env-line = una línea es NAME=loom://SERVER, NAME=loom://SERVER/ACCOUNT o NAME=VALUE
editor-failed = { $program } terminó con un error; no se cambió nada
hint-config-left = lo que escribió está en { $path }; la configuración sigue como estaba
config-changed-meanwhile = la configuración cambió mientras el editor estaba abierto, y queda como aquel cambio la dejó
config-changed = Modificado: { $path }
rule-added = Esta es la regla { $place }; decide la primera que encaja.
switched = Desde ahora, en { $server } se usa { $account } cuando no se nombra ninguna cuenta.
switch-which = ¿Qué cuenta en { $server }?
which-server = ¿En qué servidor?
logout-which = ¿Qué cuenta de { $server } hay que cerrar?
pick-number = Un número de 1 a { $most }; nada para dejarlo:
url-with-password = la URL de { $server } contiene una contraseña, que otros pueden leer en una línea de comandos
hint-url-with-password = loom login { $server } --with-token la lee de la entrada estándar
no-such-account = no hay ninguna cuenta { $account } en { $server }
hint-accounts-there = las cuentas que hay son: { $known }
hint-usage = loom --help muestra los comandos; loom COMMAND --help, sus opciones
hint-did-you-mean = quizá quería decir: { $what }
hint-typed-so = { $line }

hint-usage-agent = loom-agent --help muestra las opciones
help-usage = Uso:
help-commands = Comandos
help-arguments = Argumentos
help-options = Opciones

cmd-loom = Un solo agente para las credenciales de todos sus servidores: git, API, scripts.
cmd-loom-more =
    Inicie sesión una vez, y git la usará desde entonces:
      loom login --server https://git.example
      loom setup git
cmd-login = Inicia sesión en un servidor
cmd-login-more =
    Abre el navegador, o muestra una página y un código, y espera a que usted lo apruebe. Ctrl+C cancela.
      loom login --server https://git.example
      loom login --server https://git.example --flow device
      pass show git.example | loom login --with-token --server https://git.example
cmd-logout = Revoca una sesión en su servidor y la elimina
cmd-status = Muestra quién tiene sesión iniciada y dónde
cmd-status-more = Código de salida 0 si hay una sesión (en ese servidor), 4 si no hay ninguna.
cmd-auth = Los comandos que tienen estos nombres en gh
cmd-switch = Elige qué cuenta de un servidor se usa cuando no se nombra ninguna
cmd-rule = Indica qué cuenta se usa en una URL o en un directorio
cmd-rule-add = Añade una regla detrás de las que ya hay
cmd-rule-list = Muestra las reglas en su orden; decide la primera que encaja
cmd-rule-remove = Quita una regla
cmd-config-unset = Quita un ajuste del archivo; código de salida 1 si no está
cmd-config-edit = Cambia la configuración en su editor; lo que no tiene sentido no se guarda
cmd-config-path = Muestra dónde está la configuración
cmd-token = Imprime un token de acceso para un script
cmd-token-more =
    Código de salida 4 si antes alguien debe iniciar sesión.
      loom token --header --server api.example | curl -H @- https://api.example/user
cmd-token-generate = Emitir un token propio del agente, con permisos propios
cmd-token-generate-more =
    Para scripts, trabajos y contenedores: quien lo presenta como LOOM_TOKEN recibe aquello para lo que se emitió, y nada más.
    Sin --reveal nunca se le entrega el secreto de un servidor.
    Con --server a solas es un token de ese servidor (/api/enterprise/tokens); junto a --reveal, --max-uses,
    --max-age, --allow, --grants o --for es del agente, para ese servidor.
      loom token generate ci --scopes read --expires 30 --for https://git.example
      loom token generate build --scopes read --for git.example --reveal
cmd-token-list = Mostrar los tokens emitidos, nunca los tokens mismos
cmd-token-revoke = Terminar de inmediato un token emitido y los que este emitió
cmd-token-rotate = Da otro secreto a un token emitido; el anterior termina tras el solapamiento
cmd-api = Llamar a la API de un servidor; el token lo tiene el agente, y usted recibe la respuesta
cmd-api-more =
    Código de salida 1 si el servidor rechaza, 4 si antes alguien debe iniciar sesión.
    Con LOOM_TOKEN o --scope: lo que escribe debajo de /api y no es una ruta de Loki pide el ámbito *, sea cual sea el servidor.
    Para otro que tenga allí su API, como Grafana, emita un token con * solo para él (--scopes '*' --for SERVIDOR).
      loom api /api/tasks --server https://loki.example
      loom api /api/tasks -F project_id=1 -f title=Hello -f priority=high
      loom api /repos/acme/app/issues --paginate --select '.[].title' --server api.example
      loom api -X PUT /files/report --input report.pdf -H 'Content-Type: application/pdf'
cmd-why = Dice qué credencial recibiría git para una URL, y por qué
cmd-why-more =
    Pregunta también a la configuración de git: asistentes que van antes, un nombre de usuario, si git nombra la ruta.
    Código de salida 0 si git recibiría una, 4 si no.
      loom why https://git.example/acme/app.git
    Con --push o --call: si está concedido, por qué concesión o cuál falta; los mismos códigos de salida.
      loom why --push https://git.example/org/app main --token build
cmd-exec = Ejecuta un comando con un token que termina con él, o con el token de un servidor
cmd-exec-more =
    Sin --env el comando recibe un LOOM_TOKEN nuevo con estos ámbitos y servidores, y ningún secreto de un servidor.
      loom exec --scopes read --server https://api.example -- ./agent.sh
    Con --allow su git, gh y llamadas HTTP pasan por el agente y pueden lo que se concedió; loom-grants(7) dice más.
      loom exec --allow 'push agent/*' --allow 'GET https://api.example/v1/**' -- ./agent.sh
    Con --env recibe el propio token del servidor; todos los procesos del comando pueden leer la variable.
      loom exec --server https://api.example --env API_TOKEN -- ./deploy.sh
cmd-kube = Imprime un token como complemento de credenciales de kubectl
cmd-kube-more =
    kubectl lo ejecuta para un usuario con un bloque exec; el servidor es el clúster,
    o el de --server si su configuración presta esa sesión al clúster.
      kubectl config set-credentials me --exec-command=loom --exec-arg=kube --exec-interactive-mode=IfAvailable \
        --exec-provide-cluster-info=true --exec-api-version=client.authentication.k8s.io/v1
cmd-aws = Imprime una clave de acceso para los programas de AWS
cmd-aws-more =
    Para credential_process en ~/.aws/config; la clave se guarda para cualquier servidor que indique, bajo su id.
      loom login --server https://sts.example --account AKIAIOSFODNN7EXAMPLE --with-token
      aws configure set credential_process 'loom aws --server https://sts.example' --profile work
cmd-goauth = Imprime cabeceras para los servidores de módulos de Go
cmd-goauth-more =
    Lo ejecuta Go; lo que indica --server se le dice antes de preguntar, lo demás cuando un servidor lo rechaza.
      go env -w GOAUTH='loom goauth --server https://proxy.example;netrc'
cmd-netrc = Imprime una línea de un archivo netrc
cmd-netrc-more =
    Un archivo así no conoce ni esquema ni puerto: el secreto vale para todos los puertos del servidor.
      curl --netrc-file <(loom netrc --server https://api.example) https://api.example/user
cmd-serve = Abrir la puerta HTTP del agente: la API REST, el inicio de sesión único y la página para aprobar dispositivos
cmd-serve-more =
    Escribe su URL y queda abierta mientras el agente funcione; [http] en la configuración la abre con el agente.
    LOOM_OIDC_ISSUER y LOOM_OIDC_CLIENT_ID indican un proveedor en el que iniciar sesión.
    {"  "}loom serve
    {"  "}loom serve --listen 0.0.0.0:57374 --tls-cert cert.pem --tls-key key.pem
cmd-lock = Olvidar todos los secretos y no entregar nada hasta que alguien desbloquee
cmd-lock-more =
    Una frase de contraseña lo convierte en un bloqueo de verdad: loom store rekey --passphrase
    Para que se bloquee cuando nadie pida nada durante un rato: loom config set lock_after 30m
    { SYSTEM() ->
        [windows] Desde un bloqueador de pantalla: loom lock
       *[other] Desde un bloqueador de pantalla: pkill -USR1 -x loom-agent
    }
cmd-unlock = Dejar que el agente vuelva a entregar credenciales
cmd-unlock-more =
    Pide la frase de contraseña si hay una; sin terminal la lee de la entrada estándar.
      loom unlock
cmd-agent = Inicia, detiene o consulta el agente
cmd-agent-start = Inicia el agente; los comandos que lo necesitan lo hacen por sí solos
cmd-agent-stop = Detiene el agente; lo que guarda en el llavero o en el archivo se conserva
cmd-agent-stop-more =
    { SYSTEM() ->
        [windows] Si no responde, se le pone fin de todos modos: se le pide una vez más y, a los diez segundos, se termina.
       *[other] Si no responde, se le pone fin de todos modos: con TERM y, a los diez segundos, con KILL.
    }
cmd-agent-status = Indica si el agente está en ejecución: código de salida 0 o 1
cmd-agent-restart = Detiene el agente y lo vuelve a iniciar
cmd-agent-socket = Añadir sockets con los permisos de un token
cmd-agent-socket-add = Abrir un socket más, en el que todos tienen los permisos de este token
cmd-agent-socket-add-more =
    { SYSTEM() ->
        [windows] Para programas que deben tener menos permisos que usted. El siguiente agente lo vuelve a abrir.
       *[other] Para contenedores y otras máquinas: monte su directorio, o reenvíelo con ssh -R. El siguiente agente lo vuelve a abrir.
    }
    { SYSTEM() ->
        [windows] {"  "}loom agent socket add \\.\pipe\build --token build
       *[other] {"  "}loom agent socket add ~/build/sock/agent.sock --token build
    {"  "}LOOM_AGENT_SOCK=/sock/agent.sock loom api /api/status
    }
cmd-agent-socket-list = Mostrar estos sockets
cmd-agent-socket-remove = Cerrar uno de estos sockets
cmd-store = Muestra y cambia dónde se guardan las credenciales
cmd-store-status = Muestra dónde se guardan las credenciales y adónde van las nuevas
cmd-store-migrate = Mueve todas las credenciales al llavero o al archivo cifrado
cmd-store-migrate-more =
    Las nuevas van allí desde entonces. No se elimina nada antes de haberlo leído todo de nuevo.
      loom store migrate --to keyring
cmd-store-rekey = Cifra el archivo con una clave nueva
cmd-store-rekey-more =
    Con --passphrase solo esa frase abre el archivo, y un agente nuevo está bloqueado hasta que se la dé.
      loom store rekey --passphrase
cmd-doctor = Comprueba si todo lo guardado está como se escribió
cmd-doctor-more = Código de salida 1 si algo no lo está.
cmd-audit = Muestra quién pidió qué
cmd-audit-tail = Imprime las últimas entradas del registro de auditoría
cmd-audit-tail-more =
    Quién pidió (usuario, proceso, programa), qué, cuándo y con qué resultado; nunca un secreto.
      loom audit tail --event token -n 50
      loom audit tail --follow --json
cmd-audit-verify = Comprueba que ninguna línea del registro de auditoría se haya cambiado, movido o quitado
cmd-setup = Hace que otros programas usen loom; sin más, muestra cuáles hay y a quién preguntan
cmd-setup-more =
    Escribe la configuración propia del programa, muestra qué cambia y traslada lo que está allí en texto claro cuando
    loom dice lo mismo. --remove devuelve lo que había, byte a byte.
    Programas: git docker podman cargo kubectl terraform tofu go pip uv keyring pnpm vault bazel aws
      loom setup
      loom setup docker
      loom setup docker --server registry.example:5000
      loom setup docker --remove
cmd-setup-git = Hace que git pida las credenciales a loom
cmd-setup-git-more =
    Escribe la ruta absoluta del asistente, como la encuentra PATH, en la configuración de git, junto a otros asistentes, y
    dice para qué URLs git no lo usa.
      loom setup git
      loom setup git --server https://git.example --local
cmd-config = Lee y cambia los ajustes
cmd-config-get = Imprime un ajuste; código de salida 1 si no está definido
cmd-config-set = Cambia un ajuste
cmd-config-list = Imprime todos los ajustes definidos
cmd-config-set-default-server = Define el servidor que usan los comandos cuando no se indica ninguno
cmd-credential-helper = Hace lo que git pide a un asistente de credenciales, como git-credential-loom
arg-for-git = Lo indica el asistente de git
cmd-say = Imprime el mensaje de un error que encontró otro programa de loom
cmd-completions = Imprime un script que completa los comandos de loom en su shell
cmd-completions-more =
    { SYSTEM() ->
        [windows] {"  "}loom completions powershell | Out-String | Invoke-Expression
       *[other] {"  "}loom completions bash > ~/.local/share/bash-completion/completions/loom
    }
cmd-demo = Muestra todo el proceso en un directorio personal temporal: iniciar sesión, clonar, enviar y cerrar sesión

cmd-loom-agent = Guarda las credenciales de sus servidores y responde a los programas de loom por un socket local
cmd-loom-agent-more =
    Los programas lo inician cuando lo necesitan; rara vez hace falta hacerlo a mano.
    { SYSTEM() ->
        [windows] Un evento de su sesión lo termina cuando acaba lo que había empezado: loom agent stop. Para bloquearlo: loom lock
       *[other] La señal USR1 lo bloquea; TERM lo termina cuando acaba lo que había empezado; HUP hace que compruebe si su socket sigue ahí.
    }
    Sin --foreground, devuelve el control en cuanto está a la escucha.
      loom-agent --foreground --idle-exit 8h

arg-server = El servidor; si se omite, LOOM_SERVER_URL; si no, el predeterminado
arg-help = Muestra la ayuda
arg-version = Muestra la versión
arg-account = El nombre de usuario con el que se guarda la sesión
arg-api-path = La ruta por debajo del servidor, con su consulta; o una URL completa que esté allí
arg-api-scopes = Rechazar la llamada, antes de enviar nada, si necesita más que estos: *, control, write, read, audit
arg-method = El método; sin él GET, o POST si hay algo que enviar
arg-headers = Una cabecera que enviar; se puede indicar varias veces
arg-raw-fields = Un parámetro que es un texto; en la consulta de GET, si no en un documento JSON
arg-fields = Un parámetro en el que true, false, null y los números son tales, y @FILE es lo que contiene el archivo
arg-input = Enviar lo que contiene este archivo; - es la entrada estándar. Los parámetros van entonces a la consulta
arg-include = Mostrar primero la línea de estado y las cabeceras
arg-paginate = Seguir con la página siguiente mientras el servidor nombre una
arg-select = Mostrar solo esta parte de una respuesta JSON, una ruta como las de jq: .items[0].name o .[].id
arg-path = La ruta que indicaría git
arg-why-account = El nombre de usuario de la URL
arg-why-url = La URL que usaría git
arg-push = Si esta referencia de este repositorio se puede enviar, y por qué concesión
arg-call = Si esto se puede llamar, y por qué concesión
arg-why-token = El token emitido al que se refiere; si no, se trata de quien pregunta
arg-flow = Cómo iniciar sesión; auto usa un navegador si lo hay; si no, un código; y si no, pegar la dirección
arg-scopes = El ámbito que se pide; se puede indicar varias veces
arg-token-generate-name = Cómo llamarlo
arg-token-revoke-name = El nombre o el id del token
arg-token-rotate-name = El nombre o id del token
arg-overlap = Cuánto tiempo sigue valiendo el secreto anterior; 1h si no se indica, 0s lo termina ya
arg-max-age = Tras cuántos días termina su secreto, hasta que loom token rotate le dé otro
arg-token-generate-scopes = Lo que puede hacer, separado por comas: *, control, write, read, audit
arg-role = Lo que puede hacer, por rol: admin, operator, viewer, auditor o uno de los ajustes
arg-expires = A los cuántos días termina; 90, y 365 como máximo, si los ajustes no dicen otra cosa
arg-servers-for = Para qué servidores; *.example significa todos los que están bajo ese nombre; se puede indicar varias veces
arg-max-uses = Cuántas veces se puede usar
arg-reveal = Se le puede entregar el secreto de un servidor, como git lo necesita
arg-allow = Lo que puede obtener, enviar o llamar, y nada más, como `push URL agent/*` o `GET URL/**`; varias veces
arg-named = Lo mismo por el nombre de un [[grants]] de config.toml; puede darse varias veces
arg-print = Muestra lo que se establecería para el comando, sin ningún secreto, y no ejecuta nada
arg-only = Lo ejecuta sin más red que el enlace, y sin los directorios de loom, D-Bus ni el agente SSH (Linux)
arg-agent-socket-add-path = Dónde; el directorio se crea si no existe, y tiene que estar cerrado a los demás
arg-agent-socket-remove-path = Dónde está
arg-token = El nombre o el id de un token emitido
arg-token-list-all = También los que han terminado
arg-exec-scopes = Lo que puede hacer el comando, separado por comas; read si no se dice nada
arg-client-id = El id. de cliente que se usará, de ahora en adelante, con este servidor
arg-client-secret-file = Un archivo con el secreto del cliente; con - se lee de la entrada estándar
arg-issuer = El servidor de autorización, si el servidor no lo indica
arg-save = Con --server: guardar el token en el agente como una cuenta de su nombre, sin mostrarlo
arg-resource = El recurso para el que se pide el token (RFC 8707)
arg-audience = Intercambia el token por otro que acepte este destinatario (RFC 8693)
arg-id-token = Imprime el token de ID de la sesión, para quien confíe en su emisor
arg-header = Imprime una línea de cabecera: Authorization: Bearer … o Basic …
arg-bearer = Imprime Bearer y el token
arg-basic = Imprime Basic y el usuario y el token en Base64
arg-check = Pregunta a cada servidor si todavía acepta la sesión
arg-no-browser = Solo muestra la página, sin abrirla
arg-with-token = Lee un token o una contraseña de la entrada estándar y lo guarda
arg-no-check = Con --with-token: guardarlo sin preguntar al servidor si lo acepta
arg-short = Una línea para el prompt: la cuenta predeterminada, +N más, !N que le necesitan
arg-sort = Por qué ordenar: server, account, expires o state
arg-all = Todas las sesiones: en este servidor, o en todos si no se nombra ninguno
arg-local = Solo la elimina aquí; no avisa al servidor
arg-setup-git-local = Escribe en la configuración de este repositorio
arg-global = Escribe en la configuración del usuario (opción predeterminada)
arg-remove = Quita loom de la configuración
arg-tool = Qué programa
arg-force = Pone a loom en lugar de otro asistente
arg-list = Muestra los programas que hay, a quién preguntan y qué está en texto claro; como sin programa
arg-json = Imprime un documento JSON
arg-min-validity = Cuánto tiempo más debe ser válido el token, por ejemplo 60s o 5m
arg-env = La variable que recibe el token; de otro servidor con =SERVER. Se puede indicar varias veces
arg-command = El comando y sus argumentos
arg-key = El ajuste: default_server, store, language, autologin o lock_after
arg-value = Su nuevo valor
arg-aws-account = El id de la clave de acceso
arg-goauth-url = La URL que fue rechazada; la añade Go
arg-url = El servidor
arg-switch-server-or-account = El servidor; o una cuenta, si no hay sesión en un servidor con ese nombre
arg-switch-account = La cuenta
arg-pattern = En esta URL y todo lo que está debajo
arg-directory = En este directorio y todo lo que está debajo
arg-user = La cuenta que se usa allí
arg-place = Su número, como lo muestra loom rule list
arg-env-file = Un archivo de variables, una por línea: NAME=loom://SERVER, NAME=loom://SERVER/ACCOUNT o NAME=VALUE. Se entienden comillas, `export` y comentarios en líneas propias; una barra en la cuenta es %2F, y un servidor con ruta se nombra con --env
arg-operation = get, store, erase o capability
arg-event = Solo este evento, o todos los que estén debajo: token significa token.get y token.renew
arg-lines = Cuántas entradas
arg-follow = Continúa con lo que llegue, hasta Ctrl+C
arg-restore = Aparta un archivo dañado y crea uno nuevo con los registros íntegros; recupera uno que falta, de su copia y de lo que el agente aún tiene
arg-to = Adónde: keyring o file
arg-passphrase = Que una frase de contraseña abra la clave nueva; la pide
arg-no-passphrase = Guardar la clave nueva en su archivo, abierta para usted sin frase de contraseña
arg-agent-start-at-login = Que se inicie cada vez que usted inicie sesión; uno en ejecución sigue
arg-agent-stop-at-login = Que ya no se inicie cuando usted inicie sesión
arg-windows = En WSL: que git pregunte al loom de Windows, con sus sesiones
arg-foreground = Permanece en primer plano, para un gestor de servicios o para observarlo
arg-idle-exit = Termina tras este tiempo sin peticiones, por ejemplo 10m o 1h
arg-listen = Dirección y puerto; 127.0.0.1:57374 si no se indica otra cosa
arg-tls-cert = La cadena de certificados, un archivo PEM; sin ella solo entra esta máquina
arg-tls-key = Su clave privada, un archivo PEM
arg-stop = Cerrar la puerta
arg-fault = El error en formato JSON
arg-shell = El shell: bash, elvish, fish, powershell o zsh

## Pages

page-menu = Menú
page-language = Idioma
page-overview = Resumen
page-back = Volver al resumen
page-not-found = No existe esa página
page-fault = No ha funcionado
page-sign-in = Iniciar sesión
page-sign-in-lead = Inicie sesión para ver lo que guarda este agente y para decidir sobre las máquinas que piden acceso.
page-sign-in-with = Iniciar sesión con { $name }
page-sign-in-token = Con un token
page-sign-in-again = Iniciar sesión de nuevo
page-no-issuer = No hay ningún proveedor configurado para el inicio de sesión único. Este comando, en la máquina del agente, le da un token con el que iniciar sesión:
page-token = Token
page-token-help = Un token emitido por este agente. La sesión puede hacer lo mismo que el token. Empieza por
page-token-unknown = El agente no conoce este token, o el token ha terminado.
page-signed-in = Ha iniciado sesión
page-not-signed-in = No ha iniciado sesión
page-go-on = Continuar
page-sign-out = Cerrar sesión
page-signed-in-as = Sesión iniciada como
page-issuer = Proveedor
page-scopes = Ámbitos
page-needs-scope = Para ver o hacer esto se necesita el ámbito { $scope }.
page-own-machines = Aquí se ven las máquinas que usted aprobó. Para ver todos los tokens se necesita el ámbito *.
page-some-servers = Sus permisos son solo para ciertos servidores, y esto concierne a todos.
page-too-wide = Nadie puede conceder más de lo que puede hacer por sí mismo.
page-accounts = Cuentas
page-no-accounts = No hay ninguna sesión iniciada en ningún servidor. Para empezar:
page-locked = El agente está bloqueado y no entrega nada hasta que alguien lo desbloquee:
page-server = Servidor
page-account = Cuenta
page-kind = Tipo
page-kept-in = Guardada en
page-expires = Caduca
page-state = Estado
page-default = por defecto
page-tokens = Tokens emitidos
page-no-tokens = Ningún token está activo.
page-name = Nombre
page-id = ID
page-servers = Servidores
page-all-servers = todos
only-status = solo el estado
page-last-used = Último uso
page-never = nunca
page-unused = todavía no
page-end = Terminar
page-approved-by = aprobado por { $name }
page-reveals = puede recibir los secretos de los servidores
page-revoke = Revocar…
page-revoke-means = Termina de inmediato, y también los tokens que se emitieron con él.
page-revoke-now = Revocar ahora
page-sessions = Sesiones
page-address = Dirección
page-time-left = Tiempo restante
page-minutes = { $count } min
page-a-token = un token
page-log = Registro de auditoría
page-log-still = Las últimas entradas, primero la más reciente. Vuelva a cargar la página para ver las nuevas.
page-log-live = Las últimas entradas, primero la más reciente. Las nuevas aparecen por sí solas.
page-time = Hora (UTC)
page-event = Evento
page-who = Quién
page-outcome = Resultado
page-by-process = proceso { $pid }
page-by-token = token { $id }
page-at-door = en la puerta del token { $id }
page-connect = Conectar una máquina
page-code = Código
page-code-help = Las ocho letras que muestra la máquina.
page-continue = Continuar
page-machine-asks = Una máquina pide acceso
page-calls-itself = Se hace llamar
page-unnamed = nada
page-asked-from = Lo pide desde
page-asked-at = Pedido el
page-wants = Pide
page-wants-nothing = nada en particular
page-device-warning = Apruebe solo lo que usted mismo acaba de iniciar.
page-device-name-warning = El nombre es el que la máquina se da a sí misma; cualquiera puede elegir uno. Quien le envía un código o un enlace quiere sus permisos.
page-grant = Lo que recibe
page-it-may = Puede
page-nothing-to-grant = No tiene ningún permiso que pueda conceder.
page-no-scope = Elija al menos una cosa que pueda hacer.
page-bad-days = Tiene que ser al menos un día, y no para siempre.
page-scope-all = todo, también emitir tokens
page-scope-control = además iniciar y cerrar sesiones, bloquear y detener el agente
page-scope-write = además llamar a API que cambian algo y guardar credenciales
page-scope-read = ver las cuentas y llamar a API que solo leen
page-scope-audit = leer el registro de auditoría
page-for-servers = Para qué servidores
page-for-servers-help = Separados por espacios o comas; { $example } significa todos los hosts por debajo de ese nombre. Vacío significa todos los servidores que usted ve.
page-for-days = Durante cuántos días
page-may-reveal = Puede recibir los secretos de los servidores; git lo necesita.
page-secrets = Secretos
page-approve = Aprobar
page-deny = Denegar
page-approved = Aprobado
page-approved-means = La máquina recoge su token por sí sola. Puede cerrar esta página.
page-denied = Denegado
page-denied-means = La máquina no recibe nada. Puede cerrar esta página.

## The demo

demo-login = 1. Iniciar sesión. El servidor de esta demostración aprueba el código por sí solo; el suyo le pediría confirmación en esa página.
demo-setup = 2. Hacer que git pida las credenciales a loom.
demo-clone = 3. Clonar un repositorio privado, confirmar un cambio y enviarlo; git recibe el token del agente.
demo-status = 4. Ver quién tiene sesión iniciada y dónde.
demo-logout = 5. Cerrar sesión: el servidor revoca el token.
demo-refused = 6. A partir de ahora el repositorio vuelve a estar cerrado:
demo-done = Eso es todo. Para empezar con su propio servidor: loom login --server https://your.server
demo-not-set-up = no se puede preparar la demostración: { $error }
demo-step-failed = la demostración se detuvo: { $program } falló
demo-step-passed = la demostración se detuvo: { $program } debería haber sido rechazado
demo-not-revoked = la demostración se detuvo: el servidor aún reconoce el token
