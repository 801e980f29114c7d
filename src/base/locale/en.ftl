## Logging in and out

please-visit = Please visit:
enter-code = And enter the code:
scan-code = Or scan this, which holds both:
log-in-at = Log in with your browser at:
log-in-anywhere = Log in with any browser, on any machine, at:
paste-here = It ends at a page that cannot be shown. Paste that page's address here:
paste-again = That is not the address it ends at. Paste the whole address, from http:// on:
waiting = Waiting for authorization…
server-in-trouble = The server has trouble at the moment; still waiting…
login-again = The server ended the new login together with the old one. Once more, please:
granted-beyond = The server granted more than was asked for: { $scopes }
login-elsewhere = Another login to this server is under way; waiting for it…
page-elsewhere = This page is not on the server you are logging in to. Open it only if you trust { $url }
browser-failed = No browser could be opened; please open the page yourself.
token-prompt = Token or password:
kept-unchecked = Kept, not checked: { $server } could not say whether it takes this.
logged-in-as = Successfully logged in to { $server } as { $user }
token-ends = It ends at { $end }; loom status says so in time.
make-token-at = Make a token at this page, and paste it here:
paste-token = Token (it is not shown):
token-again = The server does not take that. Once more, please.
token-of-program = { $program } is logged in there. Take its token? [y/N]
login-where = Where do you want to log in?
login-elsewhere-pick = another
login-where-else = The server, or the URL of a repository:
next-git = Git does not ask loom yet: loom setup git
next-git-and = Git does not ask loom yet: loom setup git. Clear text can be taken over: { $tools }
next-tools = Clear text can be taken over: { $tools }
token-for = A token for { $server }
token-page = The token is found at:
field-name = Name:
field-id = ID:
field-token = Token:
field-scopes = Scopes:
field-servers = Servers:
field-expires = Expires:
token-shown-once = Save this token: it is not shown again.
token-unseen = the token could not be shown, so it was revoked: { $id }
token-unseen-kept = the token could not be shown, and could not be revoked either: { $id }
token-revoked = Revoked: { $name } ({ $id }).
token-rotated = The old secret ({ $id }) ends at { $ends }.
no-tokens = No tokens.
head-name = NAME
head-id = ID
head-used = LAST USED
token-state-revoked = revoked
token-state-ended = ended
logged-in = Successfully logged in to { $server }
kept-in-keyring = The login is kept in the keyring.
kept-in-file = The login is kept in the sealed file.
kept-in-memory = The login is kept in memory and ends with the agent.
note-file-store = The keyring is not used: { $reason }. Credentials go to the sealed file instead.
used-at = The settings have the login of { $server } used at { $urls } as well.
became-default = Default server: { $server }
logged-out-revoked = Logged out from { $server } ({ $account }): revoked at the server.
logged-out-already-invalid = Logged out from { $server } ({ $account }): the server no longer knew the token.
logged-out-not-supported = Logged out from { $server } ({ $account }): forgotten here; revoking is not supported by the server.
logged-out-pending = Logged out from { $server } ({ $account }): forgotten here, but the server is unreachable; revocation is pending, and the agent tries it again while it runs.
logged-out-local = Logged out from { $server } ({ $account }): forgotten here; the server was not told.
cancelled = Cancelled.

not-logged-in = not logged in to { $server }
nobody-logged-in = nobody is logged in anywhere
login-expired = the login to { $server } has expired
renewed-again-in = { $server } refuses each new token; the login is renewed again in { $seconds } s
login-refused-by-server = { $server } refused this login
login-refused = { $server } refused the login (HTTP { $status })
code-expired = the code expired before it was approved
left-alone = the login to { $server } that git began was left a moment ago; git asks again after two minutes
server-unreachable = { $server } cannot be reached: { $reason }
not-a-loom-server = { $server } does not answer like a Loom server
server-redirects = { $server } sends the login elsewhere, which is not followed
bad-verification-url = { $server } named a page that is not safe to open
bad-token-from-server = { $server } sent a token that cannot be used
bad-token = this is not a token: it must be one line of at most 16 KiB without spaces
stdin-unreadable = standard input cannot be read: { $error }
stdout-failed = standard output cannot be written: { $error }
secret-utf16 = this is UTF-16 or no text at all; a secret has to come as UTF-8
hint-secret-utf16 = save it as UTF-8; in PowerShell: $OutputEncoding = [Text.UTF8Encoding]::new($false)
hint-login = loom login --server { $server }
login-denied = the login to { $server } was denied
login-ended = { $server } has ended the login to it
nobody-came = nobody logged in within ten minutes
no-port = no port can be opened for the browser to come back to: { $error }
port-taken = another program has the port of { $url }, where the browser is to come back to
not-the-redirect = none of what was pasted is the address at which the login to { $server } ends
not-oauth = { $server } does not answer as OAuth servers do
server-says = { $server } says: { $error } { $description }
other-issuer = { $server } should answer for { $expected }, but answers for { $said }
unsafe-endpoint = { $server } names an address that is neither https nor on this machine
other-login = the answer of { $server } belongs to another login
says-nothing = { $server } does not say how to log in
not-offered = { $server } does not offer this way to log in
no-client = { $server } wants to know the application, and loom has no client id for { $issuer }
not-registered = loom could not register itself for { $server }: { $reason }
needs-browser = logging in to { $server } takes a browser, and nobody is there to use one
no-client-secret = { $server } needs the client's secret
not-renewable = for this account { $server } gives no other tokens
no-id-token = the login at { $server } has no ID token
id-token-ended = the ID token of { $server } has ended, and the server gives no new one
id-token-alone = an ID token is as it came: with it no scope, resource or audience can be wished for
hint-id-token = loom login --server { $server } --scope openid, with the other scopes that you need
no-exchange = { $server } does not exchange tokens
beyond-scope = { $server } gave a token for more than was asked for: { $scopes }
page-title = loom: { $server }
page-logged-in = You are logged in. You can close this page.
hint-server-says = --scope and --client-id change what is asked for; the server's administrator knows what it means
hint-issuer = if { $said } is right, name it: loom login --issuer { $said }
hint-says-nothing = name its authorization server with --issuer URL, or keep a token with --with-token
hint-port-taken = end that program, or register another redirect_uri; a login with a code needs no port: --flow device
hint-beyond-scope = it is not handed out; without --scope the token is that of the login: loom token --server { $server }
hint-other-flow = let loom choose: loom login --flow auto
hint-register-at = register one at { $page }, then: loom login --server { $server } --client-id ID; or keep a token with --with-token
hint-register = register one there, then: loom login --server { $server } --client-id ID; or keep a token with --with-token
hint-client-secret = name a file: --client-secret-file FILE, or - for standard input
hint-no-exchange = --resource URI asks for another token without an exchange
hint-first-login = loom login --server https://your.server
hint-with-token = check the address; a server of another kind takes a token: loom login --with-token --server { $server }
hint-renewed-again-in = see whether the server is well: loom status --check --server { $server }
hint-server-unreachable = check the address and your network, then try again
hint-git-proxy =
    git reaches { $server } through a proxy; for loom, in config.toml:
    {"[[server]]"}
    url = "{ $server }"
    proxy = "{ $proxy }"
hint-git-ca =
    git trusts an authority of its own for { $server }; for loom, in config.toml:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
hint-git-proxy-and-ca =
    git reaches { $server } through a proxy and by an authority of its own; for loom, in config.toml:
    {"[[server]]"}
    url = "{ $server }"
    ca_file = "{ $ca }"
    proxy = "{ $proxy }"
hint-server-redirects = log in to the address it redirects to
hint-bad-token = for a password with other characters name its user: --account USER

## Which server

no-server = no server was named and there is no default server
bad-server = { $server } is not a server: { $reason }
bad-setting = { $value } is not a value for { $setting }: { $values }
token-refused = { $server } does not take this token or password; nothing was kept
hint-token-refused = make another one there; to keep it all the same: loom login --with-token --no-check --server { $server }
cleartext-refused = { $server } would get the credential unencrypted
url-malformed = it is not of the form https://host[:port][/path]
url-no-host = the host is missing
url-user-info = it holds a user name or a password
url-query = it holds a query or a fragment
url-odd-host = the host is not written in its usual form
url-not-ascii = the host is not ASCII
url-odd-port = the port is not a plain number from 1 to 65535
url-odd-path = the path is not written in its usual form
url-ssh = it is an SSH address, where git uses a key and asks no helper; over https it is { $https }
url-too-long = it is longer than any host or file is named

grant-empty = it is empty; a grant is `fetch URL`, `push URL REFS`, `GET URL/**` or `ANY URL/**`
grant-too-long = it is longer than 1024 bytes
grant-invisible = it has characters that cannot be seen
grant-kind = it begins with { $word }; a grant begins with `fetch`, `push`, `ANY` or methods in capital letters such as `GET,POST`
grant-method = no call with { $word } is passed on
grant-no-repository = it lacks the repository: write its URL, such as `https://git.example/org/app`
grant-url = { $url }: { $reason }
grant-repository = { $url } names no repository; it has the form `https://git.example/org/app`
grant-no-refs = it lacks what may be pushed: a branch, or all that begin alike, such as `agent/*`
grant-ref-name = { $name } is no name that git has for a branch or a ref
grant-ref-star = { $name }: a `*` stands only at the end, where it covers slashes too
grant-ref-magic = { $name }: outside of branches, tags and notes a ref is written in full, since some are orders to the server
grant-word = { $word } follows the refs, where only `new`, `grow` and `delete` mean something
grant-new-and-grow = `grow` includes `new`: write one of them
grant-no-pattern = it lacks what may be called, such as `https://api.example/v1/**`
grant-pattern = { $url } is no path as it is sent: `https://`, a host, whole segments, no query
grant-pattern-star = { $url }: a `*` is a segment of its own, and `/**` stands at the end
grant-git-path = { $url } is a path of git's: write `fetch` or `push` and the repository
grant-too-many-words = it goes on with { $word }, where nothing follows
grant-too-many = there are more than 100 grants
grant-missing = this was not granted; it takes the grant `{ $grant }`
git-path-called = this is a path of git's, which a grant of calls never includes; it takes `fetch` or `push` and the repository
odd-call = this path or method is not written as any grant can be
bad-grant = `{ $grant }` is no grant: { $reason }
no-grants = no grant was named, and without one a token allows nothing
hint-grant-missing = the token's grants are all that it may do; loom why --push or --call says what one would take
hint-git-path-called = write the grant like `fetch https://git.example/org/app` or `push https://git.example/org/app agent/*`
hint-odd-call = write the path as the server has it, without encoded slashes or dots, and the method in capital letters
hint-bad-grant = see man loom-grants; examples: `push https://git.example/org/app agent/*`, `GET https://api.example/v1/**`
only-unavailable = --only is not available here, so the command was not run
only-failed = the command could not be kept apart and was not run: { $step }: { $error }
hint-only-unavailable = it takes Linux and a directory for temporary files that is not hidden; a container with a socket of its own does it too
hint-only-failed = it takes user namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0; in a container, give it a socket of its own
exec-allowed = allowed: { $grant }
agent-too-old = the agent that runs knows no grants, so it was asked for nothing
exec-no-ssh = loom: SSH is off here: only what is granted is reached, and over https
no-socket = the API of GitHub is granted, and there is no socket here by which gh could reach it
remote-with-password = a remote of this directory has a password in its address, which git would use beside the grants: { $repository }
not-led = by a rule of your own (insteadOf or pushInsteadOf) git does not go through loom for { $repository }
relay-failed = no port of this machine could be opened for the command: { $error }
hint-agent-too-old = start the agent of this version: loom agent restart
field-allowed = Allowed:
unknown-grants = there are no grants called { $name } in the settings
no-origin = a grant without a URL means the repository here, and there is none with a remote called origin
odd-origin = the remote of this directory, { $url }, is no address of a repository over https or SSH
hint-unknown-grants = add [[grants]] with name = "{ $name }" and allow = ["…"] to config.toml
hint-no-socket = leave out the grant, or set a short TMPDIR
hint-remote-with-password = take it out with git remote set-url, and log in: loom login
hint-not-led = take the rule out of git's configuration: git config --show-origin --get-regexp insteadof
hint-no-origin = write the repository out, such as `push https://git.example/org/app agent/*`
hint-server = name one with --server URL, or set one: loom config set-default-server URL
hint-server-form = write it like https://git.example or https://git.example:8443/base
hint-a-label = if this is the server you mean, write { $host }
hint-allow-http = use https, or allow it for this server in config.toml: [[server]] url = "{ $server }", allow_http = true

## Status

head-server = SERVER
head-account = ACCOUNT
head-kind = KIND
head-stored-in = KEPT IN
head-expires = EXPIRES
head-state = STATE
head-scopes = SCOPES
renews-itself = renewed by itself
when-now = { $time }, now
when-far = { $time }
when-in-minutes =
    { $count ->
        [one] { $time }, in 1 minute
       *[other] { $time }, in { $count } minutes
    }
when-minutes-ago =
    { $count ->
        [one] { $time }, 1 minute ago
       *[other] { $time }, { $count } minutes ago
    }
when-in-hours =
    { $count ->
        [one] { $time }, in 1 hour
       *[other] { $time }, in { $count } hours
    }
when-hours-ago =
    { $count ->
        [one] { $time }, 1 hour ago
       *[other] { $time }, { $count } hours ago
    }
when-in-days =
    { $count ->
        [one] { $time }, in 1 day
       *[other] { $time }, in { $count } days
    }
when-days-ago =
    { $count ->
        [one] { $time }, 1 day ago
       *[other] { $time }, { $count } days ago
    }
kind-basic = password
kind-token = token
kind-oauth = OAuth
in-keyring = keyring
in-file = file
in-memory = memory
state-valid = valid
state-accepted = accepted by the server
state-unknown = valid, the server does not say
state-expired = expired
state-unchecked = unchecked
state-unchecked-unknown = unchecked, the server does not say
state-and-default = { $state }, default
state-ends-in-days = ends in { $days } days
state-ends-in-hours = ends in { $hours } h
refused-what-now = A refused login is tried again after five minutes where nothing else fits; at once if the server takes it: loom status --check --server { $server }
state-refused = refused, log in again

why-user = Git names the user { $user }.
why-organization = { $user } is an organization there, and this is the only account that nobody gave a name.
why-person = Git names { $user }, who logged in there.
why-configured-user = That name comes from git's configuration, credential.username: { $user }
why-asked-before = Git asks these before loom, and takes the first answer that it gets: { $helpers }
why-rule = A rule says so: for { $subject } the account { $user }.
why-path = It is kept for { $path }, the longest path that fits.
why-oldest = Of { $count } accounts that fit it is the oldest.
why-only = It is the only account that fits.
why-second-origin = The settings offer the login of { $server } at { $url }.
why-none = Nobody is logged in there.
why-none-second-origin = The settings offer the login of { $server } at { $url }, and nobody is logged in there.
why-none-user = There is no account of the user { $user }.
why-none-shared = Several logins are those of { $user }; name one by its account.
why-none-emptied = Git does not ask loom there: its configuration empties the list of helpers. loom setup git --server { $server }
why-none-password = The URL holds a password, and git uses that without asking anybody.
why-none-rule = A rule wants the account { $user } for { $subject }, and there is none.
why-none-usable = What is kept has expired or was refused by the server; log in again.
why-none-cleartext = { $server } would get the credential unencrypted, which is not allowed.
why-not-refused = the server refused it; log in again
why-not-expired = it has expired; log in again
why-not-first = it fits too, but the other comes first
why-not-path = it is kept for another path: { $path }
why-not-user = it belongs to another user
why-needs-path = A rule depends on the path, which git does not name by itself: git config --global credential.{ $server }.useHttpPath true
why-not-set-up = Git is not told to ask loom: loom setup git
why-granted = it is granted by `{ $grant }`
why-granted-user = everything is yours here; name a token with --token
why-granted-scopes = there are no grants, and the scopes allow it
why-not-granted = it is not granted; it takes `{ $grant }`
why-not-granted-scopes = there are no grants, and the scopes do not allow it
why-never-granted = no grant can be about this: a path of git's that is called, or one that servers read in different ways
why-changes = it may: { $changes }
unclaimed = Logins of an older Loom wait until you name their servers with loom status --server URL: { $keys }

## The agent

agent-runs = The agent runs: process { $pid }, version { $version }.
agent-other-version = The agent is version { $version }, this program { $own }: loom agent restart
memory-not-locked = Its memory can be written to swap; where swap is not encrypted, set LimitMEMLOCK=infinity for it.
agent-runs-already = another agent is running already
agent-stopped = The agent has stopped. What it keeps in the keyring or the file is still there.
agent-locked = the agent is locked
now-locked = The agent is locked, and so is every agent that shares its stores: none holds a secret or gives one out.
now-locked-here = The agent is locked: it holds no secret and gives none out. This holds for no other agent of yours.
now-locked-without-passphrase = Unlocking takes no passphrase, as none is set: loom store rekey --passphrase
now-unlocked = The agent is unlocked.
passphrase-needed = the passphrase is needed
passphrase-pause = wrong passphrases are answered after { $seconds } seconds by now
wrong-passphrase = that is not the passphrase
other-passphrase = that passphrase opens a key, but not the one that the credentials are sealed with: a change of it was cut short
hint-wrong-passphrase = try again; after each wrong one the next has to wait longer
hint-other-passphrase = the other one opens them: if this is the new passphrase the old one, else the new one
bad-passphrase = a passphrase is one line, and not empty
passphrases-differ = these are two different passphrases; nothing was changed
passphrase-prompt = Passphrase:
new-passphrase-prompt = New passphrase:
passphrase-again-prompt = Once more:
git-needs-unlock = Git needs a credential, and loom is locked.
hint-unlock = loom unlock
agent-not-running = the agent is not running
agent-not-started = the agent cannot be started: { $error }
agent-not-reached = the agent cannot be reached at { $path }: { $error }
agent-gone = the agent went away before it answered
agent-awaited = Waiting for the agent…
agent-awaits = Waiting: { $what }
disk-awaited = the disk of { $path } has not answered yet
server-awaited = { $server } has not answered yet
keyring-awaited = the keyring has not answered yet
agent-late = The agent did not answer within { $seconds } seconds
agent-stopping = the agent is stopping
agent-speaks-otherwise = the agent's answer cannot be understood
agent-silent = the agent does not answer
agent-unreachable = an agent (process { $pid } on { $host }) holds { $path } and does not answer there
agent-ended-anyway = The agent did not answer and was ended: process { $pid }.
agent-not-ended = the agent does not answer and cannot be ended: process { $pid }
agent-unreached = an agent was started, but it is not at { $path }
agent-speaks-version = the agent speaks version { $version } of the protocol, this program { $own }
hint-agent-silent = end it and start another: loom agent restart
hint-socket-shared =
    { SYSTEM() ->
        [windows] each machine needs a pipe of its own: set LOOM_AGENT_SOCK to another name, or LOOM_STATE_DIR to a directory of this machine
       *[other] each machine needs a socket of its own: set XDG_RUNTIME_DIR or LOOM_AGENT_SOCK to a directory of this machine
    }
said = { $text }
socket-unsafe = the agent's socket is not safe to use: { $reason }
hint-start-agent = start it with: loom agent start
hint-agent-beside = loom-agent must lie beside loom, or in a directory of PATH
hint-restart-agent = the agent may be of another version: loom agent restart
hint-socket-unsafe =
    { SYSTEM() ->
        [windows] its directory must be yours alone: take the others out in its properties, Security, or set { $variable } to a path in such a directory
       *[other] its directory must be yours alone: chmod 700 it, or set { $variable } to a path in such a directory
    }
hint-socket-place =
    { SYSTEM() ->
        [windows] make it writable, or set LOOM_STATE_DIR to a path that is
       *[other] make it writable, or set XDG_RUNTIME_DIR or LOOM_AGENT_SOCK to a path that is
    }
hint-try-again = try again
hint-agent-late = ask again; loom status says what it can reach, and loom agent restart begins anew
not-a-request = this is not a request
unknown-verb = the agent does not know the request { $verb }
unknown-version = the agent does not speak version { $version } of the protocol
token-unknown = the token in LOOM_TOKEN is not known to the agent
hint-token-unknown = unset LOOM_TOKEN to ask with your own rights
too-many-wrong-tokens = too many wrong tokens were shown; in { $seconds } seconds they are noted again
scope-missing = the token that was presented does not have the scope { $scope }
reveal-missing = the token that was presented was not issued with --reveal, so it is not handed a server's own secret
status-only = this role only looks at who is logged in where; ask the owner of this agent to name servers for it
hint-status-only = the owner writes servers.viewer = ["https://…"] into [[http.issuer]] of the settings
no-role-here = { $person } has no role here; ask the owner of this agent to give one
not-allowed-here = { $person } is not among those who may come in here; ask the owner of this agent
hint-no-role-here = the owner gives roles in [[http.issuer]] of the settings: roles, default_role, allow; see man loom.toml
token-of-issuer = this token is one of { $issuer }, and only { $issuer } can end it; here it counts until it expires
hint-token-of-issuer = sign out there; sessions and issued tokens end here
token-for-some-servers = the token that was presented is for certain servers only, and this concerns all
hint-token-rights = ask whoever issued it for one with more rights, or unset LOOM_TOKEN to ask with your own
only-the-user = with a token nobody says which files, issuers and passphrases count here; that is for the user and their settings
hint-only-the-user = unset LOOM_TOKEN to say it yourself, or write it into the settings; see loom.toml(5)
http-is-open = the HTTP door is open at { $url }, and was not opened with this token
hint-http-is-open = use it there, or unset LOOM_TOKEN to open it elsewhere yourself
directory-of-another = { $path } belongs to another user, so loom makes and starts nothing there
hint-directory-of-another =
    { SYSTEM() ->
        [windows] run loom as that user, or set LOOM_CONFIG_DIR and LOOM_STATE_DIR to directories of your own
       *[other] run loom as that user, or with a home of your own: sudo -i loom …
    }
token-too-wide = a token with more rights than the one in LOOM_TOKEN is not issued
hint-token-too-wide = ask for fewer scopes and servers, or unset LOOM_TOKEN
unknown-role = there is no role { $role }
hint-unknown-role = admin, operator, viewer, auditor, or one of [roles] in the settings
scopes-or-role = a token needs either scopes or a role
hint-scopes = --scopes read,write or --role viewer; the scopes are *, control, write, read, audit
bad-expiry = a token lives for one day at least, and not for ever
hint-bad-expiry = --expires 30 means thirty days
lives-too-long = the most days that a token from you may live: { $most }
hint-lives-too-long = max_expiration_days in [tokens] of the settings; who may not issue tokens has default_expiration_days
bad-token-name = a token's name is one line of 1 to 255 characters, all of which can be seen
token-replaced = this token was rotated before: { $id } has its place
name-of-several = several active tokens have the name { $name }
hint-token-replaced = rotate that one, or name the token by its name
hint-name-of-several = name the one you mean by its ID, which loom token list shows
token-name-taken = an active token has this name
unauthenticated = nothing was shown that says who asks
hint-unauthenticated = send Authorization: Bearer with a token from loom token generate
too-many-attempts = too much was asked or tried; come back in { $seconds } seconds
form-outdated = this form belongs to another session
hint-form-outdated = load the page again
code-unknown = nobody waits with this code
hint-code-unknown = look at the code once more; it is good for ten minutes, once
sign-in-unknown = this sign-in did not begin in this browser, or took too long
hint-sign-in-again = sign in once more
counted-token = a token with a number of uses signs nobody in
hint-counted-token = show one that was issued without --max-uses
http-not-open = The HTTP door of the settings is not open; loom serve says why.
no-such-session = there is no session { $id }
no-issuer = no provider is set at which people can sign in
hint-no-issuer = name one as [[http.issuer]] in the settings, or in LOOM_OIDC_ISSUER
server-crowded = { $server } was not asked yet: other accounts come first
issuer-silent = { $issuer } was asked just now and did not answer
bad-issuer = { $issuer } is neither an https URL nor an http URL of this machine
no-oidc-client = LOOM_OIDC_ISSUER is set, but LOOM_OIDC_CLIENT_ID is not
http-half-tls = a certificate needs its key, and a key its certificate
http-bad-address = { $address } is no address with a port
http-needs-tls = { $address } can be reached from elsewhere, so a certificate is needed
http-address-trouble = { $address } cannot be used: { $error }
http-not-opened = the HTTP door is not opened: { $reason }
hint-serve = for instance --listen 127.0.0.1:57374, or --tls-cert FILE --tls-key FILE for other machines
http-open = Open until the agent stops. Close it with loom serve --stop
http-closed = The HTTP door is closed.
agent-serves = The HTTP door is at { $url }
no-such-token = there is no token { $name }
hint-tokens = loom token list
too-many-tokens = { $most } tokens are active, which is the limit
hint-too-many-tokens = revoke one with loom token revoke, or raise max_active in [tokens] of the settings
ledger-unreadable = { $path } is not a list of tokens that this loom can read; nothing was changed
sockets-unreadable = the sockets in { $path } cannot be read, so none of them is open
hint-ledger =
    { SYSTEM() ->
        [windows] update loom, or put it aside, which ends every issued token: move "{ $path }" "{ $path }.old"
       *[other] update loom, or put it aside, which ends every issued token: mv { $path } { $path }.old
    }
hint-sockets-unreadable =
    { SYSTEM() ->
        [windows] to begin without them: move "{ $path }" "{ $path }.old", then: loom agent restart
       *[other] to begin without them: mv { $path } { $path }.old && loom agent restart
    }
socket-added = At this socket everybody has the rights of the token, and no more: { $path }
socket-removed = The socket is closed: { $path }
socket-is-there = there is such a socket already: { $path }
socket-not-opened = the socket was not opened: { $reason }
socket-not-absolute = { $path } is not a path that the agent can open
no-such-socket = there is no such socket: { $path }
socket-of-another = the socket { $path } was not added with this token
hint-door-of-another = unset LOOM_TOKEN to close it yourself
hint-socket = its directory has to be yours and closed to others: mkdir -m 700 DIRECTORY
hint-sockets = loom agent socket list
one-server = --server names one server here
internal = a mistake inside loom; LOOM_LOG=debug loom-agent --foreground shows more

## Where credentials are kept

new-ones-go = New credentials go here: { $place }
kept-there = Kept there, { $place }: { $count }
migrated = Moved: { $count }. Everything is kept here now, new credentials too: { $place }
rekeyed = The sealed file has a new key.
passphrase-set = Only the passphrase opens it. Nobody can help you if you forget it.
store-passphrase = The sealed file opens with a passphrase only.
rekey-how = the sealed file has a passphrase, and the new key needs to know what becomes of it
hint-rekey-how = loom store rekey --passphrase for a new passphrase, or --no-passphrase to go without
migrate-to-memory = credentials cannot be moved into memory
migrate-fixed = the agent was started with LOOM_STORE, which says where credentials are kept
record-damaged = what the keyring has of { $account } at { $server } is damaged
note-tokens-gone = The list of issued tokens is gone, and with it every token that was on it has ended: { $path }
revocation-awaited = Ended here, but not yet at the server, which has not answered; the agent tries again for a day: { $accounts }
revocation-given-up = Ended here and perhaps not at the server, which could not be asked; what it gave may be valid until it ends by itself: { $accounts }
note-damaged = What the keyring has of { $account } at { $server } is damaged: log in again, or log out to remove it.
note-keyring-found = There is a keyring now: from now on credentials go there. What is in the sealed file stays in view.
cleartext-for-git = nothing is given to { $server }, where it would go unencrypted
hint-cleartext-for-git =
    if that is what you want, as for the password of a proxy, say so in config.toml:
    {"[[server]]"}
    url = "{ $server }"
    allow_http = true
keyring-locked = the keyring is locked
keyring-unavailable = the keyring cannot be used: { $reason }
keyring-hangs = it does not answer
keyring-refused = it refused
keyring-says = { $error }
keyring-empty = it has no default collection
no-session-bus = there is no session bus
no-random = the system gives no random numbers: { $error }
store-damaged = { $path } is damaged; nothing in it was changed
store-wrong-key = { $path } is sealed with another key than { $key }; nothing was changed
store-missing = { $path } is missing, and credentials were kept in it
store-newer = { $path } was written by a newer version of loom; nothing was changed
store-busy = the credential store does not answer in time
store-not-kept = the store did not keep what was written to it; what it had before is still there
store-without-user = a password without a user name is not kept
file-trouble = { $path }: { $error }
file-not-plain = { $path } is a link or not a plain file
file-owner = { $path } belongs to another user
file-mode = { $path } is open to other users
file-hard-link = { $path } has a second name elsewhere
file-no-file = { $path } is not a plain file
file-empty = { $path } is empty
disk-silent = The disk did not answer within { $seconds } seconds
file-too-large = { $path } would have more than { $size } MiB
file-locked = { $path } is locked by another process
file-locked-by = { $path } is locked by process { $pid } ({ $program })
hint-migrate = loom store migrate --to keyring, or --to file
hint-migrate-fixed = unset LOOM_STORE, then: loom agent restart
hint-keyring-locked = unlock it (log in to your desktop, or use your keyring's tool), or keep credentials in the file: loom config set store file
hint-keyring-unavailable = try again, or keep credentials in the sealed file: loom config set store file
hint-store-damaged = loom doctor lists what is whole in it, and loom doctor --restore keeps that
hint-store-wrong-key =
    { SYSTEM() ->
        [windows] put the key back, or put the file aside and log in again: move "{ $path }" "{ $path }.old"
       *[other] put the key back, or put the file aside and log in again: mv { $path } { $path }.old
    }
commands-anew = loom agent restart
commands-anew-without =
    { SYSTEM() ->
        [windows] del { $files }; loom agent restart
       *[other] rm { $files } && loom agent restart
    }
hint-store-missing = put it back from a backup; to start anew without what was in it: { $anew }
hint-store-missing-copy = loom doctor --restore brings back what its copy and this agent still have; to start anew without that: { $anew }
hint-store-newer = update loom
hint-file-mode =
    { SYSTEM() ->
        [windows] icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"
       *[other] chmod go= { $path }
    }
hint-file-unsafe =
    { SYSTEM() ->
        [windows] look at its owner and its rights (Properties, Security), and move it away if you did not make it
       *[other] look at it with ls -l, and move it away if you did not make it
    }
hint-file-io = check the disk's free space and the permissions, then try again
hint-stdout-failed = check where it goes: a full disk, a program that ended
hint-disk-silent = check the disk, or the server that it is on; loom agent restart begins anew
hint-file-too-large = log out of what is no longer needed (loom logout), or store less
hint-file-locked = wait for that process to finish, or end it, and try again

## The doctor

doctor-door = Programs of this machine reach it at { $path }.
doctor-door-kept = Programs of this machine reach it at { $path }, where { $keeper } listens for it.
doctor-keyring = The keyring is the { $name }; new credentials go there.
doctor-keyring-idle = The keyring is the { $name }; new credentials go elsewhere.
doctor-file-absent = There is no sealed file at { $path }.
doctor-file-whole = The sealed file { $path } is whole: { $count } records.
doctor-file-locked = The sealed file { $path } is locked: loom unlock
doctor-file-damaged = The sealed file { $path } is damaged. Records that can be restored: { $count }
doctor-file-missing = The sealed file { $path } is missing. Records that loom doctor --restore brings back: { $count }
doctor-restore = loom doctor --restore puts it aside and makes a new one of these.
doctor-put-aside = The damaged file is kept at { $path }.
doctor-file-closed = The sealed file { $path } cannot be looked into.

## The audit log

audit-whole = { $file } is whole: { $count } entries since { $since }. The end of its chain: { $head }
audit-empty = { $file } has no entries yet.
audit-dropped = Before that { $files } files with { $entries } entries were dropped, since no more are kept.
audit-missing = The beginning of { $file } is missing: what was there before { $since } was not dropped by loom.
audit-cut = Lines that a crash cut short: { $count }. No entry is missing for them.
audit-broken = The log is not as it was written, from here on: { $place }
audit-unreadable = the audit log cannot be read: { $error }
audit-unwritable = the audit log cannot be written: { $error }
hint-audit-unwritable = see that the disk has room and that the log's directory is yours: nobody is given rights of which the log would not know
audit-not-written = the audit log is not written since { $since }: { $reason } (entries that wait in memory: { $waiting }, lost: { $lost })

## Networks

no-tls = no secure connections can be made: { $reason }
no-answer-within = no answer within { $seconds } seconds
answer-too-long = the answer is too long
answer-trouble = it has trouble (HTTP { $status })
answer-redirects = it sends elsewhere, which is not followed
tls-file-empty = { $path } holds no certificate
tls-key-alone = { $path } is a key without its client_certificate
tls-file-bad = { $path } cannot be used: { $error }
tls-cert-expired = the certificate in { $path } expired on { $date }: replace it
tls-cert-expires = the certificate in { $path } expires on { $date }
tls-cert-early = the certificate in { $path } is not valid before { $date }
tls-key-readable =
    { SYSTEM() ->
        [windows] others can read the key { $path }: icacls "{ $path }" /inheritance:r /grant:r "%USERNAME%:F"
       *[other] others can read the key { $path }: chmod 600 { $path }
    }
tls-not-used = the new { $path } is not used, and the certificate of before goes on: { $reason }
proxy-bad = the proxy of { $variable } cannot be used
hint-proxy-bad = set it to http://HOST:PORT, or unset it; [[server]] proxy in the settings goes before it
agent-of-other-home = this agent has other settings and another store than you mean
hint-agent-of-other-home = LOOM_AGENT_SOCK names the socket of yours, or unset it
network-says = { $error }

## Calling APIs

api-waiting = The server asks to wait { $seconds } seconds; waiting…
api-refused = { $server } refused the call (HTTP { $status })
api-refused-because = { $server } refused the call (HTTP { $status }): { $detail }
api-scope-missing = { $server } refused the call, for which the login lacks the scope { $scope }
hint-api-scope-missing = log in with that scope, or name an account that has it: --account USER
hint-api-too-many = it takes no more calls for now; try again later
proxy-no-grants = the proxy is for tokens with grants, and there are none
hint-proxy-no-grants = loom exec --allow GRANT -- CMD, or loom token generate NAME --allow GRANT
proxy-nothing-there = nothing is granted at { $host }
hint-proxy-nothing-there = name the server as the host or as the first part of the path, as the grants do
proxy-not-shown-to-grow = { $name } may only grow, and this was not shown to
hint-proxy-not-shown-to-grow = build on what is there now (git pull --rebase); a branch that was rewritten is not taken
proxy-granted-here = granted here: { $grant }
proxy-push-whole = not pushed, since another ref was refused
proxy-link-refused = loom does not go where the server says that the file is
proxy-file-status = the place of the file answered { $status }
proxy-odd-git = git's requests are handed on in their usual form only
hint-proxy-odd-git = fetch and push over smart HTTP work; archives and the dumb protocol do not
proxy-not-over-frames = this connection cannot carry other programs' requests
hint-proxy-not-over-frames = at the HTTP door they go to /via/HOST/PATH
proxy-ambiguous = the request can be read in two ways
proxy-nothing-shown = the request shows no token
hint-proxy-nothing-shown = show it with Authorization: Bearer, or as the password of Basic
proxy-not-the-token = what the request shows is not the token that counts here
proxy-encoding = the body has an encoding that is not read here
proxy-body = the body is not handed on: { $why }
proxy-led-elsewhere = { $server } leads to { $to }, where nothing is granted
hint-proxy-led-elsewhere = grant that place too, if it is meant, and ask there
proxy-form = a form can name another method, so it takes a grant for every method
hint-proxy-form = send JSON, or have ANY granted for this path
proxy-not-gits = { $server } did not answer as a git server does
proxy-no-link = there is no such link to a large file, or not any more
hint-proxy-no-link = ask for the file again
proxy-token-in-url = a token stands in the URL, where servers write it down
hint-proxy-token-in-url = leave it out: the agent shows its own
api-odd-path = this is not a path as it is written in URLs
hint-api-odd-path = write it like /api/tasks?limit=5, with what is not ASCII, and spaces, as %20; without #, and without .. however it is encoded
api-elsewhere = this does not lie at or below { $server }, and a login goes nowhere else
hint-api-elsewhere = name the server that it belongs to: --server URL
api-bad-header = { $name } is not a header as HTTP has them
api-header-refused = the header { $name } is the agent's to send
hint-api-header-refused = leave it out: the agent says who asks, and how
api-header-underscore = the header { $name } has an underscore, which some servers read as a hyphen
hint-api-header-underscore = if that is what you mean: { $plain }
api-header-unknown = a token may not send the header { $name } to { $server }
hint-api-header-unknown = it might say who asks, or where the call goes; the owner allows it with api_headers = ["{ $name }"] in a [[server]] with url = "{ $server }"
api-parameter-refused = the parameter { $name } would make it another call than the one that is asked for
hint-api-parameter-refused = leave it out, and name the method itself
api-bad-method = { $method } is not a method that can be used
api-no-account-may = no account at { $server } has the scope { $scope }, which this call needs
hint-api-no-account-may = loom status shows the scopes; log in with more, or keep another token there
api-beyond-scope = this call needs the scope { $scope }, which is beyond --scope
hint-api-beyond-scope = leave out --scope, or name a wider one
api-not-repeated = { $server } refused the token, which has been renewed by now; what was sent cannot be read again
api-body-unreadable = what is to be sent cannot be read: { $error }
api-bad-field = { $field } is not a parameter of the form KEY=VALUE that fits the others
hint-api-bad-field = for instance -f title=Hello -F count=3 -f 'owner[name]=alice' -f 'tags[]=new'
api-bad-selection = { $text } is not a path that loom can select by
hint-api-bad-selection = for instance .name, .items[0], .items[].id; for more, pipe the answer into jq
api-not-json = the answer is not JSON, so nothing can be selected of it
api-selection-unfit = the answer has nothing of the kind that was to be selected
api-paginate-reads = --paginate goes with GET only
api-bad-link = { $server } names a next page that makes no sense

## Tokens of a server

server-token-kept = Kept in the agent as the account { $account } of { $server }.
server-token-revoked = Revoked at { $server }: { $name }.
server-token-other = { $server } gave another token than was asked for, with { $scopes }; it was revoked at once
server-token-other-kept = { $server } gave another token than was asked for, with { $scopes }, and does not revoke it: { $id }
server-token-odd = { $server } does not answer as servers with such tokens do
account-taken = there is an account { $account } at { $server } already
hint-account-taken = give the token another name, or log out from that account first

## Settings

config-invalid = { $path } is not valid: { $error }
unknown-setting = there is no setting { $key }
unknown-store = LOOM_STORE is { $name }, which is none of auto, keyring, file, memory
path-not-absolute = { $variable } is not an absolute path: { $path }
no-home = there is no home directory: set HOME, or LOOM_CONFIG_DIR and LOOM_STATE_DIR
variable-too-long = { $variable } is too long for a socket, which takes { $limit } bytes at most: { $path }
socket-too-long = { $path } is too long for a socket, which takes { $limit } bytes at most
hint-path-variable = { $variable } decides where this lies: set it to a place of yours
hint-config = correct the file; man loom.toml shows what can stand there
hint-settings = the settings are: { $known }

## Git

tool-helper-usage = another tool runs this program; you rarely do
hint-tool-helper-usage = { $usage }; set it up with: loom setup TOOL
git-helper-usage = git runs this program; you rarely do
hint-git-helper-usage = git-credential-loom get|store|erase|capability; set it up with: loom setup git
git-input-refused = git's request is refused: { $reason }
git-input-timeout = no request came on standard input
nobody-to-ask = a token is needed, and no terminal is there to ask for one
hint-nobody-to-ask = give it on the tool's standard input
git-too-long = it is too long
git-truncated = it ends in the middle of a line
git-no-equals = it has a line without "="
git-control = it has a line with a control character
git-not-utf8 = it has a value that is not UTF-8
git-contradiction = it names one attribute twice with different values
git-incomplete = it lacks the protocol or the host
git-bad-url = its url is not of the form protocol://[user@]host[/path]
secret-not-sayable = the kept credential cannot be said in git's format; log in again
hint-git-input = lines of key=value and then an empty line are expected; see man git-credential
git-not-there = loom was not in { $key }.
git-order = git asks its helpers in this order until one has an answer: { $helpers }
git-left-out = For { $url } git does not ask loom, since its list of helpers is emptied there: { $command }
git-left-out-everywhere = Git does not ask loom, since its list of helpers is emptied afterwards: { $command }
git-store-in-clear = The helper store writes every password it is told to a clear-text file; git config --global --unset-all credential.helper store takes it out.
git-removed = Removed loom from { $key }.
git-missing = git cannot be run: { $error }
git-refused = git did not change its configuration: { $error }
git-silent = git did not answer within { $seconds } seconds
hint-git-missing = install git, or add its directory to PATH
netrc-unsayable = the user name or the secret cannot stand in a netrc file as it is
no-access-key = what is kept for { $server } is no access key
hint-no-access-key = loom login --server { $server } --account KEY-ID --with-token
at-login-added = The agent is started when you log in: { $place }
at-login-removed = The agent is not started any more when you log in: { $place } is gone.
at-login-goes-on = What was started when you logged in may go on until you log out: { $error }
at-login-absent = Nothing that loom wrote starts the agent when you log in.
agent-missing = loom-agent is not installed beside loom
at-login-of-another = loom did not write { $path }, and leaves it as it is
hint-at-login-of-another = use what is there, or move it away and try again
at-login-no-home = there is no home directory to write it into
at-login-refused = { $program } does not do it: { $error }
hint-at-login-refused = have your session run loom-agent when it begins; else the first command that needs an agent starts it
not-in-windows = this is no WSL: there is no Windows around it whose helper could be named
kube-no-cluster = kubectl does not say to which cluster it sends the token
kube-not-lent = the kubeconfig would have the token of { $server } sent to { $cluster }, and your settings do not lend it there
kube-unread = what KUBERNETES_EXEC_INFO says is not understood
windows-helper-missing = git-credential-loom.exe is in no directory of PATH
hint-windows-helper-missing = install loom on Windows, in a directory of its PATH, which WSL takes over unless /etc/wsl.conf says appendWindowsPath=false
no-such-header = what is kept for { $server } cannot go in a header of the scheme { $scheme }
not-kept = nothing is kept for { $server }: it has ended, or the settings or the token in LOOM_TOKEN do not let it
hint-not-kept = loom why { $server } says what the settings say
hint-kube-no-cluster = put provideClusterInfo: true into the exec block of the kubeconfig
hint-kube-not-lent = if you mean it, write into config.toml: [[server]] url = "{ $cluster }", login = "{ $server }"
hint-kube-unread = have apiVersion of the exec block in the kubeconfig be client.authentication.k8s.io/v1
hint-netrc-unsayable = loom token --header prints it for curl -H @-
hint-setup-file = have it be a file of your own with one name, and try again
hint-setup-takes-no-server = leave --server out
hint-setup-unknown-server = write the server into the tool's settings first, and try again
hint-setup-tool-failed = mend what it says, or have it in PATH, and try again
helper-missing = git-credential-loom is not installed beside loom
hint-helper-missing = install all three programs into one directory
setup-is-done = { $tool } asks loom already.
setup-not-there = { $tool } does not ask loom; nothing is changed in { $path }.
setup-restored = { $path } is as it was before.
setup-taken-out = { $path } was changed since; only what loom wrote is taken out.
setup-block-taken-out = { $tool } does not ask loom any more: its block is out of { $path }, which { $tool } wrote in a layout of its own.
setup-not-in-path = PATH does not lead to loom's { $program }: put { $directory } in it, before any other { $program }.
setup-copied = What { $helper } has for { $entry } is in loom now, too.
setup-taken-over = The secret for { $entry } is in loom now, and in { $path } no longer. It stays in loom whatever becomes of the setup.
setup-left = The secret for { $entry } stays in clear text in { $path }: loom does not say the same one.
setup-left-since = The secret for { $entry } stays in clear text in { $path }: { $error }
setup-other-kept = loom has another one for it already
setup-part-of-registry = a helper is asked about whole registries only, and this is for a part of one
setup-no-index = { $path } names no index for it
setup-no-address = for which server it is does not stand there: set VAULT_ADDR or BAO_ADDR
setup-run-again = Once the agent answers (loom agent start, loom unlock), this takes them over: loom setup { $tool }
setup-head-tool = TOOL
setup-head-program = PROGRAM
setup-head-asks = ASKS
setup-head-clear = CLEAR TEXT
setup-take-over = loom setup TOOL has a tool ask loom, and takes over what it has in clear text.
setup-not-copied = what { $helper } has for { $entry } did not get into loom, so nothing was changed: { $error }
setup-other-helper = { $path } has another helper already: { $key } is { $helper }
hint-setup-force = --force puts loom in its place; --remove brings it back
setup-other-login = { $path } has another way to log in already: { $key }
hint-setup-not-copied = see that both answer (loom status), or take that entry out of the other one, and run it again
hint-setup-other-login = loom could not bring it back: take it out first (kubectl config unset), or use a context of another user
setup-broken = { $path } is not what its program would read, and stays as it is: { $error }
hint-setup-broken = mend the file, or move it away
setup-changed-meanwhile = { $path } was changed by somebody else at the same moment
setup-file-of-another = { $path } belongs to another user
setup-file-more-names = { $path } has another name too (a hard link), and would be two files afterwards
setup-name-taken = { $path } is another program
hint-setup-name-taken = take it out of PATH, or move it away
setup-needs-server = { $tool } asks a helper about single servers only
hint-setup-needs-server = name one: --server URL, which can be given several times
setup-takes-no-server = { $tool } asks its helper about every server; there is nothing to narrow
setup-unknown-server = nothing in { $path } leads to { $server }
setup-tool-failed = { $tool } did not do its part: { $error }

## The command line

command-not-run = { $program } cannot be run: { $error }
usage-unknown = there is no { $what }
usage-missing = { $what } is missing
usage-no-value = { $what } needs a value
usage-value = { $value } is not a value for { $what }
usage-conflict = { $what } cannot be used together with { $other }
usage-other = the command line cannot be understood
server-unused = --server means nothing here
which-account = { $server } has several accounts: { $known }
several-accounts = { $server } has several accounts, and which is meant was not said: { $known }
hint-logout-which = name one: loom logout { $server } --account USER; --all means all of them
hint-switch-which = name one: loom switch { $server } ACCOUNT
no-such-rule = there is no rule { $place }
hint-rules = loom rule list shows them with their numbers
env-line = { $path }, line { $line }: { $error }
hint-env-line = a line is NAME=loom://SERVER, NAME=loom://SERVER/ACCOUNT or NAME=VALUE
editor-failed = { $program } ended with an error; nothing was changed
hint-config-left = what you wrote is in { $path }; the settings are as they were
config-changed-meanwhile = the settings were changed while the editor was open, and are as that left them
config-changed = Changed: { $path }
rule-added = This is rule { $place }; the first that fits decides.
switched = From now on { $account } is meant at { $server } where no account is named.
switch-which = Which account at { $server }?
which-server = At which server?
logout-which = Which account at { $server } is to be logged out?
pick-number = A number from 1 to { $most }; nothing to leave it:
url-with-password = the URL of { $server } holds a password, which others can read on a command line
hint-url-with-password = loom login { $server } --with-token reads it from standard input
no-such-account = there is no account { $account } at { $server }
hint-accounts-there = the accounts there are: { $known }
hint-usage = loom --help lists the commands, loom COMMAND --help their options
hint-did-you-mean = did you mean: { $what }
hint-typed-so = { $line }

hint-usage-agent = loom-agent --help lists the options
help-usage = Usage:
help-commands = Commands
help-arguments = Arguments
help-options = Options

cmd-loom = One agent for the credentials of all your servers: git, APIs, scripts.
cmd-loom-more =
    A first login, and git uses it from then on:
      loom login --server https://git.example
      loom setup git
cmd-login = Log in to a server
cmd-login-more =
    Opens your browser, or shows a page and a code, and waits until you approve. Ctrl+C cancels.
      loom login --server https://git.example
      loom login --server https://git.example --flow device
      pass show git.example | loom login --with-token --server https://git.example
cmd-logout = Revoke a login at its server and forget it
cmd-status = Show who is logged in where
cmd-status-more = Exit code 0 if there is a login (at that server), 4 if there is none.
cmd-auth = The commands that have these names in gh
cmd-switch = Choose which account of a server is meant where none is named
cmd-rule = Say which account is meant at a URL or in a directory
cmd-rule-add = Add a rule behind those that are there
cmd-rule-list = Show the rules in their order; the first that fits decides
cmd-rule-remove = Remove a rule
cmd-config-unset = Take a setting out of the file; exit code 1 if it is not set
cmd-config-edit = Change the settings in your editor; what makes no sense is not taken over
cmd-config-path = Print where the settings are
cmd-token = Print an access token for a script
cmd-token-more =
    Exit code 4 if a person has to log in first.
      loom token --header --server api.example | curl -H @- https://api.example/user
cmd-token-generate = Issue a token of the agent's own, with rights of its own
cmd-token-generate-more =
    For scripts, jobs and containers: whoever presents it as LOOM_TOKEN gets what it was issued for, and nothing else.
    Without --reveal it is never handed a server's own secret.
    With --server alone it is that server's own token (/api/enterprise/tokens); beside --reveal, --max-uses,
    --max-age, --allow, --grants or --for it is the agent's, for that server.
      loom token generate ci --scopes read --expires 30 --for https://git.example
      loom token generate build --scopes read --for git.example --reveal
cmd-token-list = Show the tokens that were issued, never the tokens themselves
cmd-token-revoke = End an issued token, and those that it issued, at once
cmd-token-rotate = Give an issued token another secret; the old one ends after the overlap
cmd-api = Call a server's API; the agent has the token, and you get the answer
cmd-api-more =
    Exit code 1 if the server refuses, 4 if a person has to log in first.
    With LOOM_TOKEN or --scope: what writes below /api and is no route of Loki's takes the scope *, whatever server it is.
    For another one that has its API there, such as Grafana, issue a token with * for it alone (--scopes '*' --for SERVER).
      loom api /api/tasks --server https://loki.example
      loom api /api/tasks -F project_id=1 -f title=Hello -f priority=high
      loom api /repos/acme/app/issues --paginate --select '.[].title' --server api.example
      loom api -X PUT /files/report --input report.pdf -H 'Content-Type: application/pdf'
cmd-why = Say which credential git would get for a URL, and why
cmd-why-more =
    Asks git's configuration too: helpers that go first, a user name, whether git names the path.
    Exit code 0 if git would get one, 4 if not.
      loom why https://git.example/acme/app.git
    With --push or --call: whether it is granted, by which grant, or which is missing; the same exit codes.
      loom why --push https://git.example/org/app main --token build
cmd-exec = Run a command with a token that ends with it, or with a server's own token
cmd-exec-more =
    Without --env the command gets a fresh LOOM_TOKEN of these scopes and servers, and no server's secret.
      loom exec --scopes read --server https://api.example -- ./agent.sh
    With --allow its git, gh and HTTP calls go through the agent, and may do what was granted; loom-grants(7) says more.
      loom exec --allow 'push agent/*' --allow 'GET https://api.example/v1/**' -- ./agent.sh
    With --env it gets the server's token itself; every process of the command can read the variable.
      loom exec --server https://api.example --env API_TOKEN -- ./deploy.sh
cmd-kube = Print a token as kubectl's credential plugin
cmd-kube-more =
    kubectl runs it for a user with an exec block; the server is the cluster, or
    the one of --server, if your settings lend its login to the cluster.
      kubectl config set-credentials me --exec-command=loom --exec-arg=kube --exec-interactive-mode=IfAvailable \
        --exec-provide-cluster-info=true --exec-api-version=client.authentication.k8s.io/v1
cmd-aws = Print an access key for AWS' programs
cmd-aws-more =
    For credential_process in ~/.aws/config; the key is kept for any server that you name, under its id.
      loom login --server https://sts.example --account AKIAIOSFODNN7EXAMPLE --with-token
      aws configure set credential_process 'loom aws --server https://sts.example' --profile work
cmd-goauth = Print headers for Go's module proxies
cmd-goauth-more =
    Go runs it; what --server names it is told before it asks, everything else when a server refuses.
      go env -w GOAUTH='loom goauth --server https://proxy.example;netrc'
cmd-netrc = Print a line of a netrc file
cmd-netrc-more =
    Such a file knows neither scheme nor port: the secret counts for every port of the host.
      curl --netrc-file <(loom netrc --server https://api.example) https://api.example/user
cmd-serve = Open the agent's HTTP door: the REST API, single sign-on and the page to approve devices
cmd-serve-more =
    It prints its URL and stays open as long as the agent runs; [http] in the settings opens it with the agent.
    LOOM_OIDC_ISSUER and LOOM_OIDC_CLIENT_ID name a provider at which people sign in.
    {"  "}loom serve
    {"  "}loom serve --listen 0.0.0.0:57374 --tls-cert cert.pem --tls-key key.pem
cmd-lock = Forget every secret, and give out nothing until somebody unlocks
cmd-lock-more =
    A passphrase makes it a real lock: loom store rekey --passphrase
    To lock when nobody asked for anything for a while: loom config set lock_after 30m
    { SYSTEM() ->
        [windows] From a screen locker: loom lock
       *[other] From a screen locker: pkill -USR1 -x loom-agent
    }
cmd-unlock = Let the agent give out credentials again
cmd-unlock-more =
    Asks for the passphrase if one was set; without a terminal it is read from standard input.
      loom unlock
cmd-agent = Start, stop or look at the agent
cmd-agent-start = Start the agent; commands that need it do so by themselves
cmd-agent-stop = Stop the agent; what it keeps in the keyring or the file stays
cmd-agent-stop-more =
    { SYSTEM() ->
        [windows] One that does not answer is ended all the same: it is asked once more, and ended after ten seconds.
       *[other] One that does not answer is ended all the same: with TERM, and after ten seconds with KILL.
    }
cmd-agent-status = Say whether the agent runs: exit code 0 or 1
cmd-agent-restart = Stop the agent and start it again
cmd-agent-socket = Add sockets that have the rights of one token
cmd-agent-socket-add = Open one more socket, at which everybody has the rights of this token
cmd-agent-socket-add-more =
    { SYSTEM() ->
        [windows] For programs that are to have fewer rights than you. It is there again with the next agent.
       *[other] For containers and other machines: mount its directory, or forward it with ssh -R. It is there again with the next agent.
    }
    { SYSTEM() ->
        [windows] {"  "}loom agent socket add \\.\pipe\build --token build
       *[other] {"  "}loom agent socket add ~/build/sock/agent.sock --token build
    {"  "}LOOM_AGENT_SOCK=/sock/agent.sock loom api /api/status
    }
cmd-agent-socket-list = Show these sockets
cmd-agent-socket-remove = Close such a socket
cmd-store = Show and change where credentials are kept
cmd-store-status = Show where credentials are kept, and where new ones go
cmd-store-migrate = Move all credentials into the keyring or the sealed file
cmd-store-migrate-more =
    New ones go there from then on. Nothing is removed before all was read back.
      loom store migrate --to keyring
cmd-store-rekey = Seal the file with a new key
cmd-store-rekey-more =
    With --passphrase only that opens the file, and a new agent is locked until you give it.
      loom store rekey --passphrase
cmd-doctor = Look whether everything that is kept is as it was written
cmd-doctor-more = Exit code 1 if something is not.
cmd-audit = Show who asked for what
cmd-audit-tail = Print the latest entries of the audit log
cmd-audit-tail-more =
    Who asked (user, process, program), for what, when, and what came of it; never a secret.
      loom audit tail --event token -n 50
      loom audit tail --follow --json
cmd-audit-verify = Check that no line of the audit log was changed, moved or taken out
cmd-setup = Make other programs use loom; alone, show which are here and whom they ask
cmd-setup-more =
    Writes the tool's own settings, shows what changes, and takes over what lies there in clear text once loom says the
    same again. --remove brings back what stood there, byte for byte.
    Tools: git docker podman cargo kubectl terraform tofu go pip uv keyring pnpm vault bazel aws
      loom setup
      loom setup docker
      loom setup docker --server registry.example:5000
      loom setup docker --remove
cmd-setup-git = Make git ask loom for credentials
cmd-setup-git-more =
    Writes the helper's absolute path, as PATH finds it, into git's configuration, beside other helpers, and says for which
    URLs git leaves it out.
      loom setup git
      loom setup git --server https://git.example --local
cmd-config = Read and change settings
cmd-config-get = Print a setting; exit code 1 if it is not set
cmd-config-set = Change a setting
cmd-config-list = Print all settings that are set
cmd-config-set-default-server = Set the server that commands mean when none is named
cmd-credential-helper = Do what git asks of a credential helper, like git-credential-loom
arg-for-git = Said by the git helper
cmd-say = Print the sentence of a fault that another program of loom met
cmd-completions = Print a script that completes loom's commands in your shell
cmd-completions-more =
    { SYSTEM() ->
        [windows] {"  "}loom completions powershell | Out-String | Invoke-Expression
       *[other] {"  "}loom completions bash > ~/.local/share/bash-completion/completions/loom
    }
cmd-demo = Show the whole journey in a throw-away home: log in, clone, push, log out

cmd-loom-agent = Hold the credentials of your servers and answer loom's programs over a local socket
cmd-loom-agent-more =
    Programs start it when they need it; you rarely do. Without --foreground it returns once it listens.
    { SYSTEM() ->
        [windows] An event of your session ends it once what was begun is done: loom agent stop. For locking: loom lock
       *[other] The signal USR1 locks it; TERM ends it once what was begun is done. HUP has it look whether its socket is still there.
    }
      loom-agent --foreground --idle-exit 8h

arg-server = The server; without it LOOM_SERVER_URL, else the default server
arg-help = Print help
arg-version = Print the version
arg-account = The user name the login is kept under
arg-api-path = The path below the server, with its query; or a whole URL that lies there
arg-api-scopes = Refuse the call, before anything is sent, if it needs more than these: *, control, write, read, audit
arg-method = The method; without it GET, or POST if there is something to send
arg-headers = A header to send; can be given several times
arg-raw-fields = A parameter that is a text; in the query of GET, else in a JSON document
arg-fields = A parameter where true, false, null and numbers are such, and @FILE is what the file holds
arg-input = Send what this file holds; - is standard input. Parameters go into the query then
arg-include = Print the status line and the headers first
arg-paginate = Go on with the next page as long as the server names one
arg-select = Print only this part of a JSON answer, a path as jq has them: .items[0].name or .[].id
arg-path = The path that git would name
arg-why-account = The user name in the URL
arg-why-url = The URL that git would use
arg-push = Whether this ref of this repository may be pushed, and by which grant
arg-call = Whether this may be called, and by which grant
arg-why-token = The issued token that is meant; else it is about whoever asks
arg-flow = How to log in; auto takes a browser if there is one, else a code, else pasting
arg-scopes = What to ask for; can be given several times
arg-token-generate-name = What to call it
arg-token-revoke-name = The token's name or id
arg-token-rotate-name = The token's name or id
arg-overlap = For how long the old secret stays good; 1h if nothing is said, 0s ends it at once
arg-max-age = After how many days its secret ends, until loom token rotate gives it another one
arg-token-generate-scopes = What it may do, with commas between: *, control, write, read, audit
arg-role = What it may do, by role: admin, operator, viewer, auditor or one of the settings
arg-expires = After how many days it ends; 90, and 365 at most, unless the settings say otherwise
arg-servers-for = For which servers; *.example means all below that name; can be given several times
arg-max-uses = How often it can be used
arg-reveal = It may be handed a server's own secret, as git needs it
arg-allow = What it may fetch, push or call, and nothing else, such as `push URL agent/*` or `GET URL/**`; several times
arg-named = The same by the name of a [[grants]] in config.toml; can be given several times
arg-print = Show what would be set for the command, without any secret, and run nothing
arg-only = Run it with no network but the relay, and without loom's directories, D-Bus and the SSH agent (Linux)
arg-agent-socket-add-path = Where; the directory is made if it is not there, and has to be closed to others
arg-agent-socket-remove-path = Where it is
arg-token = The name or id of an issued token
arg-token-list-all = Those too that have ended
arg-exec-scopes = What the command may do, with commas between; read if nothing is said
arg-client-id = The client id to use, from now on for this server
arg-client-secret-file = A file with the client's secret; - reads it from standard input
arg-issuer = The authorization server, where the server does not name it
arg-save = With --server: keep the token in the agent as an account named like it, and do not show it
arg-resource = What the token is to be for (RFC 8707)
arg-audience = Exchange the token for one that this audience takes (RFC 8693)
arg-id-token = Print the ID token of the login, for whoever trusts its issuer
arg-header = Print a line of a header: Authorization: Bearer … or Basic …
arg-bearer = Print Bearer and the token
arg-basic = Print Basic and user name and token in Base64
arg-check = Ask each server whether it still takes the login
arg-no-browser = Only show the page, do not open it
arg-with-token = Read a token or password from standard input and keep it
arg-no-check = With --with-token: keep it without asking the server whether it takes it
arg-short = One line for a prompt: the default account, +N others, !N that need you
arg-sort = By what to sort: server, account, expires or state
arg-all = All logins: at this server, or at all servers if none is named
arg-local = Only forget it here; tell the server nothing
arg-setup-git-local = Write to this repository's configuration
arg-global = Write to your own configuration (the default)
arg-remove = Take loom out again
arg-tool = Which tool
arg-force = Put loom in the place of another helper
arg-list = Show the tools that are here, whom they ask, and what lies about in clear text; as without a tool
arg-json = Print one JSON document
arg-min-validity = For how long the token must still be valid, for instance 60s or 5m
arg-env = The variable that gets the token; of another server with =SERVER. Can be given several times
arg-command = The command and its arguments
arg-key = The setting: default_server, store, language, autologin or lock_after
arg-value = Its new value
arg-aws-account = The id of the access key
arg-goauth-url = The URL that was refused; Go adds it
arg-url = The server
arg-switch-server-or-account = The server; or an account, where no login is at a server of that name
arg-switch-account = The account
arg-pattern = At this URL and everything below it
arg-directory = In this directory and everything below it
arg-user = The account that is meant there
arg-place = Its number, as loom rule list shows it
arg-env-file = A file of variables, a line each: NAME=loom://SERVER, NAME=loom://SERVER/ACCOUNT or NAME=VALUE. Quotation marks, `export` and comments in lines of their own are understood; a slash in an account is %2F, and a server with a path is named by --env
arg-operation = get, store, erase or capability
arg-event = Only this event, or all below it: token means token.get and token.renew
arg-lines = How many entries
arg-follow = Go on with what comes, until Ctrl+C
arg-restore = Put a damaged file aside, and make a new one of the records that are whole; bring back one that is gone, from its copy and what the agent still has
arg-to = Where to: keyring or file
arg-passphrase = Have a passphrase open the new key; asks for it
arg-no-passphrase = Keep the new key in its file, open to you without a passphrase
arg-agent-start-at-login = Have it started whenever you log in; one that runs goes on
arg-agent-stop-at-login = Have it not started any more when you log in
arg-windows = In WSL: have git ask the loom of Windows, with its logins
arg-foreground = Stay in the foreground, for a service manager and for looking at it
arg-idle-exit = End after this long without a request, for instance 10m or 1h
arg-listen = Address and port; 127.0.0.1:57374 if nobody says otherwise
arg-tls-cert = The certificate chain, a PEM file; without it only this machine gets in
arg-tls-key = Its private key, a PEM file
arg-stop = Close the door
arg-fault = The fault as JSON
arg-shell = The shell: bash, elvish, fish, powershell or zsh

## Pages

page-menu = Menu
page-language = Language
page-overview = Overview
page-back = Back to the overview
page-not-found = There is no such page
page-fault = That did not work
page-sign-in = Sign in
page-sign-in-lead = Sign in to see what this agent keeps, and to decide about machines that ask for access.
page-sign-in-with = Sign in with { $name }
page-sign-in-token = With a token
page-sign-in-again = Sign in again
page-no-issuer = No provider is set up for single sign-on. This command, on the agent's machine, gives you a token to sign in with:
page-token = Token
page-token-help = A token that this agent issued. The session may do what the token may. It begins with
page-token-unknown = The agent does not know this token, or it has ended.
page-signed-in = You are signed in
page-not-signed-in = You are not signed in
page-go-on = Go on
page-sign-out = Sign out
page-signed-in-as = Signed in as
page-issuer = Provider
page-scopes = Scopes
page-needs-scope = It takes the scope { $scope } to see or do this.
page-own-machines = You see the machines that you approved. It takes the scope * to see every token.
page-some-servers = Your rights are for certain servers only, and this concerns all.
page-too-wide = Nobody can grant more than they may do themselves.
page-accounts = Accounts
page-no-accounts = Nobody is logged in anywhere. A first login:
page-locked = The agent is locked and gives out nothing until somebody unlocks it:
page-server = Server
page-account = Account
page-kind = Kind
page-kept-in = Kept in
page-expires = Expires
page-state = State
page-default = default
page-tokens = Issued tokens
page-no-tokens = No token is active.
page-name = Name
page-id = ID
page-servers = Servers
page-all-servers = all
only-status = status only
page-last-used = Last used
page-never = never
page-unused = not yet
page-end = End
page-approved-by = approved by { $name }
page-reveals = may be handed servers' own secrets
page-revoke = Revoke…
page-revoke-means = It ends at once, and so do the tokens that were issued with it.
page-revoke-now = Revoke now
page-sessions = Sessions
page-address = Address
page-time-left = Time left
page-minutes = { $count } min
page-a-token = a token
page-log = Audit log
page-log-still = The latest entries, the newest first. Load the page again to see what is new.
page-log-live = The latest entries, the newest first. New ones appear by themselves.
page-time = Time (UTC)
page-event = Event
page-who = Who
page-outcome = Outcome
page-by-process = process { $pid }
page-by-token = token { $id }
page-at-door = at the door of token { $id }
page-connect = Connect a machine
page-code = Code
page-code-help = The eight letters that the machine shows.
page-continue = Continue
page-machine-asks = A machine asks for access
page-calls-itself = It calls itself
page-unnamed = nothing
page-asked-from = Asked from
page-asked-at = Asked at
page-wants = It asks for
page-wants-nothing = nothing in particular
page-device-warning = Approve only what you began yourself, just now.
page-device-name-warning = The name is what the machine calls itself; anybody can choose one. Whoever sends you a code or a link wants your rights.
page-grant = What it gets
page-it-may = It may
page-nothing-to-grant = You have no rights that you could grant.
page-no-scope = Choose at least one thing that it may do.
page-bad-days = It has to be one day at least, and not for ever.
page-scope-all = everything, also issuing tokens
page-scope-control = also log in and out, lock, and stop the agent
page-scope-write = also call APIs that change something, and keep credentials
page-scope-read = see accounts, and call APIs that only read
page-scope-audit = read the audit log
page-for-servers = For which servers
page-for-servers-help = With spaces or commas between; { $example } means all hosts below that name. Empty means every server that you see.
page-for-days = For how many days
page-may-reveal = It may be handed servers' own secrets; git needs this.
page-secrets = Secrets
page-approve = Approve
page-deny = Deny
page-approved = Approved
page-approved-means = The machine fetches its token by itself. You can close this page.
page-denied = Denied
page-denied-means = The machine gets nothing. You can close this page.

## The demo

demo-login = 1. Log in. The server of this demo approves the code by itself; yours would ask you on that page.
demo-setup = 2. Let git ask loom.
demo-clone = 3. Clone, commit and push a private repository; git gets the token from the agent.
demo-status = 4. See who is logged in where.
demo-logout = 5. Log out: the server revokes the token.
demo-refused = 6. From now on the repository is closed again:
demo-done = That was all. To begin with your own server: loom login --server https://your.server
demo-not-set-up = the demo cannot be set up: { $error }
demo-step-failed = the demo stopped: { $program } failed
demo-step-passed = the demo stopped: { $program } should have been refused
demo-not-revoked = the demo stopped: the server still knows the token
