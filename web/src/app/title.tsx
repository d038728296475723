/** The heading of a page, which is the title of the window too, and where the focus goes when it opens. */
import { type ReactNode, type RefObject, useEffect } from 'react';
import { useLocation } from 'wouter';

export function Title({ text, children }: { text: string; children?: ReactNode }) {
  useEffect(() => {
    document.title = text === 'Berth' ? 'Berth' : `${text} · Berth`;
  }, [text]);
  return (
    <h1 id="title" tabIndex={-1}>
      {children ?? text}
    </h1>
  );
}

/**
 * Whoever uses the keyboard goes on from the top of a page that was opened.
 * @param session changes when somebody signs in or out
 */
export function useTitleFocus(main: RefObject<HTMLElement | null>, session: boolean): void {
  const [location] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page anew.
  useEffect(() => {
    const before = document.activeElement;
    const focus = (): boolean => {
      // A page may know better where one begins, and whoever has gone on meanwhile is left alone.
      const focused = document.activeElement;
      const hasMoved = focused !== before && focused !== document.body;
      if (hasMoved || (focused !== main.current && main.current?.contains(focused))) return true;
      const title = document.getElementById('title');
      title?.focus({ preventScroll: true });
      return title !== null;
    };
    scrollTo(0, 0);
    if (focus() || !main.current) return;
    // It is on its way.
    const observer = new MutationObserver(() => focus() && observer.disconnect());
    observer.observe(main.current, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [location, main, session]);
}
