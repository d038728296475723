/** Memory of the functions on AWS, MB: CPU grows with it, and so does what a second of each costs. */
export const FUNCTION_MB = { requests: 1024, workloads: 512, resources: 512, builds: 256 } as const;
