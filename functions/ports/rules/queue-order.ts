/** A queue stays as it was made: in order, or not. Its messages could not be taken over in the order they came in. */
import { Problem } from '../../core/problem.ts';

export const queueOrderChanged = (): Problem =>
  new Problem(
    'invalid_resource',
    'A queue can not be made one in order, or one that is not: `fifo` never changes.',
    {
      hint: 'Set fifo as it was, or give the resource another id, which makes a second queue.',
    },
  );
