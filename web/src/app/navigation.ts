/** Links of Cloudscape components go through the router. */
import { navigate } from 'wouter/use-browser-location';

interface FollowEvent {
  preventDefault(): void;
  detail: { href?: string | undefined; external?: boolean | undefined };
}

/** For `onFollow` and `onItemFollow`. */
export function followLink(event: FollowEvent): void {
  const { href, external } = event.detail;
  if (href === undefined || external) return;
  event.preventDefault();
  navigate(href);
}

export { navigate };
