// A person at the pages of an agent's HTTP door: signs in at the provider, looks at a machine that asks, grants it less by
// keyboard alone, sees it fetch its token, takes that back, and signs out. Says what each page showed.
//
// TLS_CERT=… SHOTS=directory node pages.mjs DOOR USER_CODE USER
import { X509Certificate, createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// By path, as the provider does it.
const puppeteer = await import('../../../target/oidc/node_modules/puppeteer-core/lib/puppeteer/puppeteer-core.js');

const { env } = process;
const [door, code, user] = process.argv.slice(2);
// This one key is trusted and no other: the browser stays as strict as a person's.
const key = new X509Certificate(readFileSync(env.TLS_CERT)).publicKey.export({ type: 'spki', format: 'der' });
const browser = await puppeteer.launch({
  executablePath: env.PATH.split(delimiter).map((dir) => `${dir}/chromium`).find((path) => existsSync(path)),
  args: [
    '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic', '--disable-background-networking',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`,
  ],
});
const seen = { complaints: [] };
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  page.on('console', (said) => {
    const ours = said.location().url?.startsWith(door);
    if (ours && ['error', 'warn'].includes(said.type())) seen.complaints.push(said.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  const text = () => page.evaluate(() => document.body.innerText);
  const shot = (name) => page.screenshot({ path: join(env.SHOTS, `${name}.png`), fullPage: true, captureBeyondViewport: false });
  const leave = (what) => Promise.all([page.waitForNavigation(), what]);

  // The same page in every language, and what a browser makes of it.
  async function inAllLanguages(name) {
    const place = page.url();
    for (const tag of ['es', 'ar', 'en']) {
      await leave(page.click(`footer a[lang=${tag}]`));
      if (page.url() !== place) throw new Error(`${place} became ${page.url()}`);
      await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
      seen[`${name}-${tag}`] = await page.evaluate(() => ({
        text: document.body.innerText, lang: document.documentElement.lang, dir: document.documentElement.dir,
        overflows: document.documentElement.scrollWidth > window.innerWidth,
        beyond: [...document.querySelectorAll('body *')].filter((one) => {
          const { left, right, width } = one.getBoundingClientRect();
          return !one.closest('.unseen') && width > 1 && (left < 0 || right > window.innerWidth);
        }).map((one) => one.outerHTML.slice(0, 100)),
        left: document.querySelector('h1').getBoundingClientRect().left < window.innerWidth / 3,
      }));
      await shot(`${name}-${tag}`);
    }
  }
  // Presses Tab until the focus is where it should be.
  async function tabTo(wanted) {
    for (let steps = 0; steps < 100; steps += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), wanted)) return;
    }
    throw new Error(`no key leads to ${wanted}`);
  }

  await page.goto(`${door}/device?user_code=${code}`);
  seen.firstPlace = page.url();
  await inAllLanguages('sign-in');
  await leave(page.click('a[href^="/auth/oidc/login"]'));
  for (let steps = 0; !page.url().startsWith(door); steps += 1) {
    if (steps === 5) throw new Error(`stuck at ${page.url()}`);
    if (await page.$('input[name=login]')) {
      await page.type('input[name=login]', user);
      await page.type('input[name=password]', 'x');
    }
    await leave(page.click('button[type=submit]'));
  }
  await page.waitForSelector('input[name=servers]');
  seen.afterSignIn = page.url();
  seen.cookie = (await page.cookies()).find(({ name }) => name === 'loom');
  await inAllLanguages('device');

  // A second window looks on while the machine is approved in the first.
  const other = await browser.newPage();
  await other.goto(`${door}/`);
  await other.waitForFunction(() => !document.querySelector('[data-when=live]').hidden);
  await page.bringToFront();
  await page.focus('h1').catch(() => {});
  await tabTo('#scope-audit');
  await page.keyboard.press('Space');
  await tabTo('#servers');
  await page.keyboard.type('https://api.example');
  await tabTo('button[value=approve]');
  await leave(page.keyboard.press('Enter'));
  seen.approved = await text();
  await other.bringToFront();
  await other.waitForFunction(() => document.querySelector('#live').innerText.includes('device.token'));
  seen.live = await other.evaluate(() => document.querySelector('#live tbody tr').innerText);
  await other.close();

  await page.goto(`${door}/`);
  await inAllLanguages('home');
  // A picture for everybody ends where the programs of this machine are named.
  const height = await page.evaluate(() => {
    const rows = [...document.querySelectorAll('#live tbody tr')];
    return rows.find((row) => row.innerText.includes('agent.serve')).getBoundingClientRect().top + window.scrollY;
  });
  await page.screenshot({ path: join(env.SHOTS, 'page.png'), clip: { x: 0, y: 0, width: 1200, height } });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
  seen.dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await shot('home-dark');
  await page.setViewport({ width: 390, height: 844 });
  seen.overflowsNarrow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  await shot('home-narrow');
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  seen.light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.setViewport({ width: 1200, height: 900 });

  const revoke = await page.evaluate((code) => {
    const row = [...document.querySelectorAll('tr')].find((row) => row.innerText.includes(code));
    return row.querySelector('form').getAttribute('action');
  }, code);
  await tabTo(`details:has(form[action="${revoke}"]) > summary`);
  await page.keyboard.press('Enter');
  await tabTo(`form[action="${revoke}"] button`);
  await leave(page.keyboard.press('Enter'));
  seen.revoked = await page.evaluate(() => document.querySelector('#tokens').parentElement.innerText);

  await leave(page.click('a[href="/auth/logout"]'));
  seen.signedOutAt = page.url();
  await page.goto(`${door}/`);
  seen.lastPlace = page.url();
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
