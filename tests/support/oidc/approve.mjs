// Plays the person at the provider's own pages, with cookies by hand.
//
// node approve.mjs device VERIFICATION_URI USER_CODE USER [deny]
// node approve.mjs browser AUTHORIZATION_URL USER [deny] [--print-redirect]
const print = process.argv.includes('--print-redirect');
const [flow, start, ...rest] = process.argv.slice(2).filter((word) => word !== '--print-redirect');
const code = flow === 'device' ? rest.shift() : undefined;
const [user, denied] = rest;
const { origin } = new URL(start);
const cookies = new Map();

// Goes where the provider leads, up to a page of its own or to an address of another server.
async function visit(url, form) {
  let body = form && new URLSearchParams(form);
  for (let steps = 0; steps < 20; steps += 1) {
    if (new URL(url).origin !== origin) return { redirect: url };
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const got = await fetch(url, { method: body ? 'POST' : 'GET', body, headers: { cookie }, redirect: 'manual' });
    for (const line of got.headers.getSetCookie()) keep(line);
    const next = got.headers.get('location');
    if (!next) return { url, status: got.status, html: await got.text() };
    await got.body?.cancel();
    url = new URL(next, url).href;
    body = undefined;
  }
  throw new Error(`${start} leads in circles`);
}

function keep(line) {
  const [pair, ...attributes] = line.split(';');
  const [name, ...value] = pair.split('=');
  const gone = attributes.some((one) => /^ *(expires=thu, 01 jan 1970|max-age=0)/i.test(one));
  if (gone || value.join('=') === '') cookies.delete(name);
  else cookies.set(name, value.join('='));
}

const plain = (text) => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

// The form of a page: where it goes, and what it holds when nobody types.
function readForm({ url, html }) {
  const form = /<form[^>]*\baction="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(html);
  if (!form) return undefined;
  const fields = {};
  for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
    const name = /\bname="([^"]*)"/.exec(input);
    if (name) fields[name[1]] = plain(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  return { action: new URL(plain(form[1]), url).href, fields };
}

let page = await visit(start);
for (let form = page.html && readForm(page); form; form = page.html && readForm(page)) {
  if (page.status !== 200) break;
  const { action, fields } = form;
  const abort = /href="([^"]*\/abort)"/.exec(page.html);
  if ('login' in fields) Object.assign(fields, { login: user, password: 'x' });
  if ('user_code' in fields) fields.user_code ||= code;
  if (denied && 'confirm' in fields) fields.abort = 'yes';
  const leave = denied && abort;
  page = leave ? await visit(new URL(plain(abort[1]), page.url).href) : await visit(action, fields);
  if (denied && 'abort' in fields) break;
}

if (page.redirect && print) {
  console.log(page.redirect);
} else if (page.redirect) {
  const last = await fetch(page.redirect);
  console.error(last.status);
  console.log(await last.text());
} else {
  // Only a device flow ends at the provider; a refusal of a person's own ends with an error page, as it should.
  const text = page.html.replace(/<style[\s\S]*?<\/style>|<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
  console.error(page.status, text);
  process.exitCode = flow === 'device' && (page.status === 200 || denied) ? 0 : 1;
}
