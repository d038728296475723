/** A live log: pause, filter, and what is at its end stays in sight. */
import { follow } from './client.js';
import { el, plain } from './dom.js';

const LINES_MAX = 1000;

/** @param path of a log stream; it is followed until the signal aborts */
export function liveLog(path, label, { signal, onError }) {
  let paused;
  let wanted = '';

  const box = el('div', {
    class: 'log',
    id: 'log',
    role: 'log',
    'aria-live': 'off',
    'aria-label': label,
    tabindex: '0',
  });
  const note = el('p', { class: 'soft', id: 'log-note' }, 'Nothing was printed yet.');
  const pause = el('button', { type: 'button', id: 'log-pause' }, 'Pause');
  const filter = el('input', {
    type: 'search',
    id: 'log-filter',
    'aria-label': 'Show lines that contain',
    placeholder: 'Show lines that contain …',
    autocomplete: 'off',
    spellcheck: 'false',
  });

  const shows = (line) => wanted === '' || line.textContent.toLowerCase().includes(wanted);

  function tell() {
    const count = box.childElementCount;
    const hidden = [...box.children].filter((line) => line.hidden).length;
    const texts = [
      count === 0 && 'Nothing was printed yet.',
      paused && `Paused: ${paused.length} new ${paused.length === 1 ? 'line' : 'lines'} wait.`,
      wanted !== '' && `${count - hidden} of ${count} lines contain this.`,
    ];
    note.textContent = texts.filter(Boolean).join(' ');
    note.hidden = note.textContent === '';
    box.hidden = count === 0;
  }

  function add(lines) {
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
    box.append(
      ...lines.map(({ at, message, source }) => {
        const clock = el('span', { class: 'soft', title: at }, clockOf(at));
        const line = el(
          'div',
          { class: `line ${source}` },
          clock,
          source !== 'stdout' && el('b', {}, source),
          plain(message),
        );
        line.hidden = !shows(line);
        return line;
      }),
    );
    while (box.childElementCount > LINES_MAX) box.firstElementChild.remove();
    tell();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }

  // Lines come one by one, and a thousand of them at first: they are drawn together.
  let waiting = [];
  function onEvent({ event, data }) {
    if (event !== 'line') return;
    if (waiting.push(data) > 1) return;
    requestAnimationFrame(() => {
      const lines = waiting;
      waiting = [];
      if (!paused) return add(lines);
      paused = [...paused, ...lines].slice(-LINES_MAX);
      tell();
    });
  }

  pause.onclick = () => {
    const held = paused;
    paused = held ? undefined : [];
    pause.textContent = held ? 'Pause' : 'Resume';
    if (held) add(held);
    tell();
  };
  filter.oninput = () => {
    wanted = filter.value.trim().toLowerCase();
    for (const line of box.children) line.hidden = !shows(line);
    tell();
    box.scrollTop = box.scrollHeight;
  };

  tell();
  follow(`${path}?tail=200`, { signal, onEvent }).catch(onError);
  const head = el(
    'div',
    { class: 'row' },
    el('h2', { id: 'log-title' }, 'Log'),
    el('span', { class: 'row end' }, filter, pause),
  );
  return el(
    'section',
    { class: 'card', id: 'log-card', 'data-own': '', 'aria-labelledby': 'log-title' },
    head,
    note,
    box,
  );
}

const clockOf = (at) => new Date(at).toLocaleTimeString('en-GB');
