import type { Environment } from '../../../../client/types.generated.ts';

const words: Record<Environment['state'], string> = {
  provisioning: 'It is being made ready.',
  ready: 'It is ready.',
  hibernating: 'Its services are being stopped; their data is kept.',
  hibernated:
    'Its services are stopped, their data is kept. Waking starts them again; where Berth runs them itself, a request to one of them does so too.',
  expired:
    'Its time is over: its services are stopped, and it is destroyed with its data unless somebody wakes or extends it.',
  waking: 'What ran before is being started.',
  destroying: 'It is being removed with all that is in it.',
  destroyed: 'It was removed with all that was in it.',
  failed: 'Something failed: destroy it and create it again.',
};

/** What a state means for who wants to use it. */
export const sleepWords = (state: Environment['state']): string => words[state];
