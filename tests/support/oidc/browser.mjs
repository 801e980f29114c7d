// A person's browser: opens the address, signs in, agrees, and says what the last page on 127.0.0.1 shows.
//
// TLS_CERT=… [SCREENSHOT=…] node browser.mjs AUTHORIZATION_URL USER
import { X509Certificate, createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';

// By path, as the provider does it.
const puppeteer = await import('../../../target/oidc/node_modules/puppeteer-core/lib/puppeteer/puppeteer-core.js');

const { env } = process;
const [start, user] = process.argv.slice(2);
// This one key is trusted and no other: the browser stays as strict as a person's.
const key = new X509Certificate(readFileSync(env.TLS_CERT)).publicKey.export({ type: 'spki', format: 'der' });
const browser = await puppeteer.launch({
  executablePath: env.PATH.split(delimiter).map((dir) => `${dir}/chromium`).find((path) => existsSync(path)),
  args: [
    '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu',
    // The provider's pages ask for a font from far away.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`,
  ],
});
try {
  const page = await browser.newPage();
  await page.goto(start);
  for (let steps = 0; new URL(page.url()).hostname !== '127.0.0.1'; steps += 1) {
    if (steps === 5) throw new Error(`stuck at ${page.url()}`);
    if (await page.$('input[name=login]')) {
      await page.type('input[name=login]', user);
      await page.type('input[name=password]', 'x');
    }
    await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
  }
  const shown = await page.evaluate(() => ({
    text: document.body.innerText, title: document.title,
    lang: document.documentElement.lang, dir: document.documentElement.dir,
  }));
  if (env.SCREENSHOT) await page.screenshot({ path: env.SCREENSHOT });
  console.log(JSON.stringify({ ...shown, url: page.url() }));
} finally {
  await browser.close();
}
