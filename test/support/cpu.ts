/** Processor time that this thread has used, milliseconds: other than the clock, it does not run on while others work. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
