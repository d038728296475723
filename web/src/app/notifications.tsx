/** What an action came to: good news goes away by itself, what failed stays until it was read. */
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import { useSyncExternalStore } from 'react';
import { inWords } from '../../../client/problem.ts';
import { plain } from '../components/plain.ts';

export interface Notice {
  type: 'success' | 'info' | 'warning' | 'error';
  header?: string;
  content?: string;
}

interface Shown extends Notice {
  id: string;
  /** Epoch milliseconds. */
  at: number;
}

let notices: readonly Shown[] = [];
let count = 0;
const listeners = new Set<() => void>();

const LASTS_MS = 8_000;
const SHOWN_MAX = 3;

function show(next: typeof notices): void {
  notices = next;
  for (const listener of [...listeners]) listener();
}

const dismiss = (id: string): void => show(notices.filter((notice) => notice.id !== id));

export function notify(notice: Notice): void {
  count += 1;
  const id = `notice-${count}`;
  show([...notices, { ...notice, id, at: Date.now() }].slice(-SHOWN_MAX));
  if (notice.type === 'success' || notice.type === 'info') setTimeout(() => dismiss(id), LASTS_MS);
}

/** Tells what went wrong, with the next thing to do. @param header such as "Rolling back failed" */
export function notifyError(error: unknown, header?: string): void {
  const { what, hint } = inWords(error);
  const content = hint === undefined ? what : `${what} ${hint}`;
  notify({ type: 'error', content, ...(header !== undefined && { header }) });
}

export function forgetNotices(): void {
  show([]);
}

/** What led to another page is told there. */
const LEADS_MS = 1_000;

/** Notices stay with the page that they came up on. */
export function leaveNotices(): void {
  const since = Date.now() - LEADS_MS;
  if (notices.some(({ at }) => at < since)) show(notices.filter(({ at }) => at >= since));
}

export function Notifications() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notices,
  );
  const items = shown.map(
    ({ id, type, header, content }): FlashbarProps.MessageDefinition => ({
      id,
      type,
      dismissible: true,
      dismissLabel: 'Dismiss',
      onDismiss: () => dismiss(id),
      ariaRole: type === 'error' ? 'alert' : 'status',
      ...(header !== undefined && { header: plain(header) }),
      ...(content !== undefined && { content: plain(content) }),
    }),
  );
  if (items.length === 0) return null;
  return (
    <div className="notifications">
      <Flashbar
        items={items}
        i18nStrings={{
          ariaLabel: 'Notifications',
          successIconAriaLabel: 'Success',
          infoIconAriaLabel: 'Information',
          warningIconAriaLabel: 'Warning',
          errorIconAriaLabel: 'Error',
        }}
      />
    </div>
  );
}
