// A real OpenID provider on loopback, with a second port on which a test looks inside and makes it fail.
//
// PORT, CONTROL_PORT (0: any), TLS_CERT, TLS_KEY, ISSUER, RESOURCE, STATE: a file that outlives a restart.
// WEB: where else the client `loom-web`, at which people sign in, may send them back to. Their names say their roles, unless
// ROLES does for all of them. REKEY=1: a new signing key under the name of the old one.
// AT_TTL, DC_TTL, ID_TTL, RT_TTL: seconds. OPAQUE=1: access tokens that mean nothing to a reader. DC_INTERVAL: seconds
// between polls, said in the device answer (without it nothing is said, which means 5). STRICT=1: offline_access
// is dropped without prompt=consent, as OpenID Connect has it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as http } from 'node:http';
import { createServer as https } from 'node:https';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

// By path, so that nothing is copied: the packages lie in target/, where no import from here would look for them.
const { Provider, errors } = await import('../../../target/oidc/node_modules/oidc-provider/lib/index.js');

const { env } = process;
// Nobody reads stdout after the line that says ready, and a write to a closed pipe would end the provider.
console.info = console.warn = console.error;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SCOPES = 'read write control admin';
const seconds = (name, otherwise) => Number(env[name] ?? otherwise);
const now = () => Math.floor(Date.now() / 1000);

// What a restart keeps: the tokens and grants, the signing key, what was counted.
const kept = env.STATE && existsSync(env.STATE) && readFileSync(env.STATE);
const state = kept ? JSON.parse(kept) : { stored: {}, count: {} };
// Whoever searches the disk for a secret is to find its own mistakes only.
if (kept) rmSync(env.STATE);
state.key ??= {
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: `key-${now()}`, use: 'sig', alg: 'RS256',
};
if (env.REKEY) Object.assign(state.key, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }));

class Adapter {
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload, expiresIn) {
    state.stored[this.key(id)] = { payload, until: expiresIn ? now() + expiresIn : undefined };
  }
  async find(id) {
    const found = state.stored[this.key(id)];
    return found && !(found.until < now()) ? found.payload : undefined;
  }
  async findWhere(matches) {
    const own = Object.entries(state.stored).filter(([key]) => key.startsWith(`${this.model}:`));
    return own.map(([, { payload }]) => payload).find(matches);
  }
  async findByUid(uid) { return this.findWhere((payload) => payload.uid === uid); }
  async findByUserCode(code) { return this.findWhere((payload) => payload.userCode === code); }
  async consume(id) { state.stored[this.key(id)].payload.consumed = now(); }
  async destroy(id) { delete state.stored[this.key(id)]; }
  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of Object.entries(state.stored)) {
      if (payload.grantId === grantId) delete state.stored[key];
    }
  }
}

const resourceServer = (resource) => ({
  scope: SCOPES, audience: resource, accessTokenTTL: seconds('AT_TTL', 300),
  ...(env.OPAQUE ? { accessTokenFormat: 'opaque' } : { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
});

// The port is known before the provider, because the issuer says it.
const tls = env.TLS_CERT && { cert: readFileSync(env.TLS_CERT), key: readFileSync(env.TLS_KEY) };
const server = tls ? https(tls) : http();
const listen = (server, port) => new Promise((done) => server.listen(Number(port ?? 0), '127.0.0.1', done));
await listen(server, env.PORT);
const issuer = env.ISSUER ?? `${tls ? 'https' : 'http'}://localhost:${server.address().port}`;

// `admin-ada` is an administrator, and `ada` nothing of note.
const ROLES = ['admin', 'operator', 'auditor', 'viewer'];
const roles = (name) => ROLES.filter((role) => (env.ROLES ?? name).split('-').includes(role));

const provider = new Provider(issuer, {
  adapter: Adapter,
  jwks: { keys: [state.key] },
  clients: [
    {
      client_id: 'loom-cli', token_endpoint_auth_method: 'none', application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', DEVICE, EXCHANGE], response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/callback'],
    },
    {
      client_id: 'loom-web', token_endpoint_auth_method: 'none', application_type: 'native',
      grant_types: ['authorization_code'], response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/auth/oidc/callback', ...(env.WEB ? [`${env.WEB}/auth/oidc/callback`] : [])],
      post_logout_redirect_uris: ['http://127.0.0.1/sign-in', ...(env.WEB ? [`${env.WEB}/sign-in`] : [])],
    },
    {
      client_id: 'machine', client_secret: 'machine-secret', token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials', EXCHANGE], response_types: [], redirect_uris: [],
    },
  ],
  cookies: { keys: ['loopback-test-only'] },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access', ...SCOPES.split(' ')],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'roles'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, name: id, preferred_username: id, email: `${id}@example.test`, email_verified: true, roles: roles(id),
    }),
  }),
  extraTokenClaims: (ctx, token) => (token.accountId ? { roles: roles(token.accountId) } : undefined),
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) =>
    client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  ttl: {
    AccessToken: seconds('AT_TTL', 300), ClientCredentials: seconds('AT_TTL', 300), IdToken: seconds('ID_TTL', 3600),
    DeviceCode: seconds('DC_TTL', 600), RefreshToken: seconds('RT_TTL', 86400),
    Grant: 86400, Session: 3600, Interaction: 600,
  },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true, mask: '****-****', charset: 'base-20' },
    revocation: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    clientCredentials: { enabled: true },
    userinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => (env.OPAQUE ? undefined : env.RESOURCE ?? 'urn:loom:test'),
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => resourceServer(resource),
    },
  },
});
provider.on('server_error', (ctx, error) => console.error('server_error', error));

// RFC 8693: an own access token for one of another audience.
async function exchange(ctx) {
  const { subject_token: token, subject_token_type: type, audience, scope } = ctx.oidc.params;
  if (!token || !audience) throw new errors.InvalidRequest('subject_token and audience are required');
  if (type !== ACCESS_TOKEN) throw new errors.InvalidRequest('only access tokens are exchanged');
  if (audience === 'urn:loom:refused') throw new errors.InvalidTarget('no tokens are issued for this audience');
  const subject = signed(token) ?? await provider.AccessToken.find(token);
  if (!subject) throw new errors.InvalidGrant('the subject token is not valid');
  const granted = scope ?? subject.scope;
  const beyond = (granted ?? '').split(' ').some((one) => one && !(subject.scope ?? '').split(' ').includes(one));
  if (beyond) throw new errors.InvalidScope('more than the subject token has', scope);
  const issued = new provider.AccessToken({
    client: ctx.oidc.client, accountId: subject.accountId, grantId: subject.grantId, scope: granted, gty: 'token_exchange',
  });
  issued.resourceServer = new provider.ResourceServer(audience, resourceServer(audience));
  ctx.body = {
    access_token: await issued.save(), issued_token_type: ACCESS_TOKEN, token_type: 'Bearer',
    expires_in: issued.expiration, scope: granted,
  };
}
provider.registerGrantType(EXCHANGE, exchange, [
  'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'audience', 'requested_token_type', 'scope',
]);

// JWT access tokens are stored nowhere: who holds the key reads them.
function signed(token) {
  const [head, body, signature] = token.split('.');
  if (!signature) return undefined;
  const key = createPublicKey({ key: state.key, format: 'jwk' });
  const valid = verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
  const claims = valid ? JSON.parse(Buffer.from(body, 'base64url')) : {};
  return claims.exp > now() ? { accountId: claims.sub, scope: claims.scope } : undefined;
}

provider.use(async (ctx, next) => {
  // A person's first consent is asked for here, as most providers do, also when the client did not say so.
  const query = new URLSearchParams(ctx.querystring);
  const offline = (query.get('scope') ?? '').split(' ').includes('offline_access');
  if (!env.STRICT && ctx.path === '/auth' && offline && !query.has('prompt')) {
    query.set('prompt', 'consent');
    ctx.querystring = query.toString();
  }
  await next();
  if (env.DC_INTERVAL && ctx.path === '/device/auth' && ctx.status === 200) {
    ctx.body = { ...ctx.body, interval: Number(env.DC_INTERVAL) };
  }
});

// What is to go wrong with the next requests, by kind and path: { times, … }.
const planned = { fail: {}, drop: {}, delay: {} };
function due(kind, path) {
  const plan = planned[kind][path];
  return plan && plan.times-- > 0 ? plan : undefined;
}

const answer = provider.callback();
server.on('request', (request, response) => {
  const path = request.url.split('?')[0];
  const seen = `${request.method} ${path}`;
  state.count[seen] = (state.count[seen] ?? 0) + 1;
  const fail = due('fail', path);
  if (fail) {
    request.resume();
    const headers = fail.body ? { 'content-type': 'application/json' } : {};
    response.writeHead(fail.status, headers).end(fail.body);
    return;
  }
  const end = response.end.bind(response);
  const late = due('delay', path);
  if (late) response.end = (...all) => setTimeout(end, late.ms, ...all);
  // The work is done and nobody hears of it.
  if (due('drop', path)) response.end = () => request.socket.destroy();
  answer(request, response);
});

const control = http(async (request, response) => {
  const url = new URL(request.url, 'http://control');
  const { path, ...query } = Object.fromEntries(url.searchParams);
  const kind = url.pathname.slice(1);
  if (kind === 'count') return response.end(JSON.stringify(state.count));
  if (kind === 'revoke-access') {
    const token = await provider.AccessToken.find(query.token);
    await token?.destroy();
    return response.writeHead(token ? 200 : 404).end();
  }
  if (!planned[kind]) return response.writeHead(404).end();
  const times = kind === 'delay' ? Infinity : 1;
  const [status, ms] = [Number(query.status ?? 503), Number(query.ms ?? 0)];
  planned[kind][path] = { status, body: query.body, ms, times: Number(query.times ?? times) };
  return response.end();
});
await listen(control, env.CONTROL_PORT);

process.on('SIGTERM', () => {
  if (env.STATE) writeFileSync(env.STATE, JSON.stringify(state), { mode: 0o600 });
  process.exit(0);
});
console.log(`ready ${issuer} ${control.address().port}`);
