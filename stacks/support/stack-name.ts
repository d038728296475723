/** `Berth-Data`; of another installation in the account, `<name>-Data`. */
export const stackName = (name: string, part: string): string =>
  `${name === 'berth' ? 'Berth' : name}-${part}`;
