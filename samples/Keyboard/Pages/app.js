'use strict';

const byId = id => document.getElementById(id);
const text = byId('text');
const percent = (part, all) => all === 0 ? '–' : `${(100 * part / all).toFixed(1)} %`;
const lastWord = /(['\u2019]?\p{L}[\p{L}\p{M}\u00AD\u200C\u200D]*(?:['\u2019][\p{L}\p{M}\u00AD\u200C\u200D]+)*)['\u2019]?[^\p{L}\p{M}\u00AD\u200C\u200D'\u2019]$/u;
let before = '';
let shown = null;
let queue = Promise.resolve();

async function request(path, body) {
  const response = await fetch(path, body === undefined
    ? {}
    : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error ?? `The app answered ${response.status}.`);
  return answer;
}

function showProblem(message) {
  byId('problem').hidden = !message;
  byId('problem').textContent = message ?? '';
}

// One after the other, in the order of the keys: feedback must reach the suggestions that stood before its word.
function enqueue(work) {
  queue = queue.then(work).catch(error => showProblem(error.message));
}

function showStatus(status) {
  const hits = status.hits;
  byId('shipped1').textContent = percent(hits.shippedTop1, hits.words);
  byId('shipped3').textContent = percent(hits.shippedTop3, hits.words);
  byId('personal1').textContent = percent(hits.personalTop1, hits.words);
  byId('personal3').textContent = percent(hits.personalTop3, hits.words);
  byId('summary').textContent = `${hits.words} words typed, ${hits.unknown} of them not among the ${status.vocabulary} words of this keyboard. `
    + `${status.pending} of ${status.batch} wait to be learnt.`
    + (status.lastLoss === null ? '' : ` Last loss ${status.lastLoss.toFixed(3)}.`);
  showProblem(status.problem);
}

async function suggest(typed) {
  shown = await request('/api/suggest', { text: typed.slice(-400) });
  byId('suggestions').replaceChildren(...shown.words.map(({ word }) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = word;
    button.addEventListener('click', () => take(word));
    return button;
  }));
}

async function feedback(word) {
  if (shown === null) return;
  const id = shown.id;
  shown = null;
  showStatus(await request('/api/feedback', { id, word }));
}

function take(word) {
  const start = text.value.replace(/['\u2019]?\p{L}[\p{L}\p{M}\u00AD\u200C\u200D]*(?:['\u2019][\p{L}\p{M}\u00AD\u200C\u200D]*)*$|['\u2019]$/u, '');
  text.value = before = `${start}${word} `;
  text.focus();
  enqueue(() => feedback(word));
  enqueue(() => suggest(text.value));
}

text.addEventListener('input', () => {
  const typed = text.value;
  const word = typed.length === before.length + 1 && typed.startsWith(before) ? lastWord.exec(typed)?.[1] : undefined;
  before = typed;
  if (word !== undefined) enqueue(() => feedback(word));
  enqueue(() => suggest(typed));
});

byId('learn').addEventListener('click', () => enqueue(async () => {
  showStatus(await request('/api/learn', {}));
  await suggest(text.value);
}));
byId('reset').addEventListener('click', () => {
  if (!confirm('Forget everything that was learnt and counted?')) return;
  enqueue(async () => {
    showStatus(await request('/api/reset', {}));
    await suggest(text.value);
  });
});

enqueue(async () => showStatus(await request('/api/status')));
enqueue(() => suggest(text.value));
setInterval(() => enqueue(async () => showStatus(await request('/api/status'))), 3000);
