// The audit log goes on while its page is open. Everything comes as text and is shown as text.
'use strict';

const MOST = 200;
const log = document.getElementById('live');

function say(when) {
  for (const note of log.querySelectorAll('[data-when]')) {
    note.hidden = note.dataset.when !== when;
  }
}

function add(entry) {
  const template = document.getElementById(entry.is_ok ? 'entry-ok' : 'entry-failed');
  const row = template.content.firstElementChild.cloneNode(true);
  const time = row.querySelector('time');
  time.dateTime = entry.time;
  time.textContent = entry.shown;
  const texts = [entry.event, entry.who, entry.server];
  row.querySelectorAll('bdi').forEach((place, at) => { place.textContent = texts[at]; });
  row.querySelector('.state').append(entry.outcome);
  row.classList.add('new');
  const body = log.querySelector('tbody');
  body.prepend(row);
  while (body.rows.length > MOST) {
    body.lastElementChild.remove();
  }
}

function follow() {
  const since = log.dataset.since;
  const source = new EventSource(since ? `/audit/live?since=${encodeURIComponent(since)}` : '/audit/live');
  source.addEventListener('open', () => say('live'));
  source.addEventListener('error', () => say('still'));
  source.addEventListener('message', (event) => add(JSON.parse(event.data)));
  source.addEventListener('end', () => {
    source.close();
    say('still');
  });
}

if (log) {
  follow();
}
