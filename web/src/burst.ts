/** One answer to many calls that come close together. */

interface Bounds {
  /** It is answered when nobody has called for so long. */
  quietMs: number;
  /** It is answered after so long at the latest, also where calls never cease. */
  mostMs: number;
}

export function createBurst(answer: () => void, { quietMs, mostMs }: Bounds) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let began = 0;
  function cancel(): void {
    clearTimeout(timer);
    timer = undefined;
  }
  return {
    call(): void {
      const now = Date.now();
      if (timer === undefined) began = now;
      cancel();
      timer = setTimeout(
        () => {
          timer = undefined;
          answer();
        },
        Math.max(0, Math.min(quietMs, began + mostMs - now)),
      );
    },
    cancel,
  };
}
