/** Memory of the functions on AWS, MB. CPU grows with memory, and so does the price of a second. */
export const FUNCTION_MB = { requests: 1024, workloads: 512, resources: 512, builds: 256 } as const;
