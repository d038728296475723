/** @example linesOf('main\n\n release/*') // ['main', 'release/*'] */
export const linesOf = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
