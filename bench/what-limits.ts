/** By the name of a figure: what it meets, where it misses its goal. Written by who has looked into it. */
export const whatLimits: Record<string, string> = {};
