/** How buttons look by which something goes for good. The colours are in shell.css, for both themes. */
import type { ButtonProps } from '@cloudscape-design/components/button';

const all = (value: string) => ({ default: value, hover: value, active: value });

export const danger = {
  /** The last click. */
  filled: {
    root: {
      background: { default: 'var(--danger)', hover: 'var(--danger-strong)', active: 'var(--danger-strong)' },
      borderColor: {
        default: 'var(--danger)',
        hover: 'var(--danger-strong)',
        active: 'var(--danger-strong)',
      },
      color: all('var(--on-danger)'),
    },
  },
  /** What leads there. */
  outlined: {
    root: {
      borderColor: all('var(--danger)'),
      color: all('var(--danger)'),
    },
  },
  /** The same, where it reads as a link. */
  link: {
    root: { color: all('var(--danger)') },
  },
} satisfies Record<string, ButtonProps.Style>;
