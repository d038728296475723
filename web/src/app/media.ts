import { useSyncExternalStore } from 'react';

/** Whether the screen is such, as it changes. @example useMedia('(max-width: 640px)') */
export const useMedia = (query: string): boolean =>
  useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
