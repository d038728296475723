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

/** So long a page may take until nobody expects the focus to move any more. */
const ON_ITS_WAY_MS = 5_000;

/**
 * Whoever uses the keyboard goes on from the top of a page that was opened.
 * @param session changes when somebody signs in or out
 */
export function useTitleFocus(main: RefObject<HTMLElement | null>, session: boolean): void {
  const [location] = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page anew.
  useEffect(() => {
    scrollTo(0, 0);
    const before = document.activeElement;
    const focus = (): void => {
      const focused = document.activeElement;
      // What was followed may stay on the page, a tab for one: then the focus stays on it, too.
      const isInside = focused !== main.current && main.current?.contains(focused);
      const title = document.getElementById('title');
      if (!title || isInside) return;
      // Whoever has gone on meanwhile is left alone.
      if (focused === before || focused === document.body) title.focus({ preventScroll: true });
      stop();
    };
    // The page is on its way.
    const observer = new MutationObserver(focus);
    const timer = setTimeout(() => stop(), ON_ITS_WAY_MS);
    const stop = () => {
      clearTimeout(timer);
      observer.disconnect();
    };
    if (main.current) observer.observe(main.current, { childList: true, subtree: true });
    focus();
    return stop;
  }, [location, main, session]);
}
