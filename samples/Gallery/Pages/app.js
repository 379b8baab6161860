'use strict';

const pageSize = 24;
const byId = id => document.getElementById(id);
const percent = share => share === null ? '–' : `${(100 * share).toFixed(0)} %`;
let offset = 0;
let total = 0;
let classes = [];
let shownVersion = -1;

async function request(path, body) {
  const response = await fetch(path, body === undefined
    ? {}
    : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Error(answer?.error ?? `The app answered ${response.status}.`);
  return answer;
}

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function showProblem(message) {
  byId('problem').hidden = !message;
  byId('problem').textContent = message ?? '';
}

async function act(work) {
  try {
    await work();
  } catch (error) {
    showProblem(error.message);
  }
}

function card(photo) {
  const made = element('article', '', { 'data-id': photo.id });
  made.append(element('p', photo.name));
  if (photo.error) {
    made.append(element('p', photo.error, { class: 'error' }));
    return made;
  }
  made.append(element('img', '', { src: `/photos/${photo.id}?content=${photo.content}`, alt: photo.name, loading: 'lazy' }));
  for (const guess of photo.top) {
    const button = element('button', `${guess.name} ${percent(guess.probability)}`, { type: 'button', 'aria-pressed': guess.class === photo.answer });
    button.addEventListener('click', () => act(() => answer(photo, guess.class)));
    made.append(button);
  }
  const other = element('input', '', { list: 'classes', placeholder: 'Something else …', 'aria-label': `Another class for ${photo.name}` });
  other.addEventListener('change', () => {
    const index = classes.indexOf(other.value);
    if (index >= 0) act(() => answer(photo, index));
  });
  made.append(other);
  if (photo.answerName !== null) made.append(element('p', `You: ${photo.answerName}${photo.isLearnt ? ' (learnt)' : ''}`));
  return made;
}

async function answer(shown, index) {
  const photo = await request(`/api/photos/${shown.id}/answer`, { class: index, content: shown.content });
  document.querySelector(`article[data-id="${shown.id}"]`)?.replaceWith(card(photo));
  await showStatus();
}

async function showPhotos() {
  const photos = await request(`/api/photos?offset=${offset}&count=${pageSize}`);
  byId('photos').replaceChildren(...photos.map(card));
  byId('page').textContent = `${offset + 1} to ${offset + photos.length} of ${total}`;
  byId('previous').disabled = offset === 0;
  byId('next').disabled = offset + pageSize >= total;
}

function drawHistory(history, batch) {
  const points = history.map((_, i) => {
    const recent = history.slice(Math.max(0, i + 1 - batch), i + 1);
    const x = history.length === 1 ? 150 : 300 * i / (history.length - 1);
    return `${x.toFixed(1)},${(97 - 94 * recent.filter(right => right).length / recent.length).toFixed(1)}`;
  });
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'polyline');
  line.setAttribute('points', points.join(' '));
  byId('chart').replaceChildren(line);
}

async function showStatus(known) {
  const status = known ?? await request('/api/status');
  total = status.photos;
  byId('summary').textContent = `${status.model}: ${status.answers} of ${status.photos} photos named, ${status.pending} of ${status.batch} wait to be learnt. `
    + `Right when you named them ${percent(status.accuracyFirst)}, the same photos now ${percent(status.accuracyNow)}.`
    + (status.lastLoss === null ? '' : ` Last loss ${status.lastLoss.toFixed(3)}.`);
  showProblem(status.problem);
  drawHistory(status.history, status.batch);
  byId('learnt').replaceChildren(...status.learnt.map(c => element('li', `${c.name}: ${c.photos}${c.corrected ? `, ${c.corrected} corrected` : ''}`)));
  if (status.version !== shownVersion && !document.querySelector('article input:focus')) {
    shownVersion = status.version;
    await showPhotos();
  }
}

function turn(by) {
  offset = Math.max(0, offset + by);
  act(showPhotos);
}

byId('learn').addEventListener('click', () => act(async () => showStatus(await request('/api/learn', {}))));
byId('reset').addEventListener('click', () => act(async () => {
  if (!confirm('Forget all answers and what was learnt from them?')) return;
  shownVersion = -1;
  await showStatus(await request('/api/reset', {}));
}));
byId('previous').addEventListener('click', () => turn(-pageSize));
byId('next').addEventListener('click', () => turn(pageSize));

act(async () => {
  classes = await request('/api/classes');
  byId('classes').replaceChildren(...classes.map(name => element('option', '', { value: name })));
  await showStatus();
});
setInterval(() => act(showStatus), 3000);
