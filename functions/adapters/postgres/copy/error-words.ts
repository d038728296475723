/** What is told of an error of the server, without values of rows. */
import { sqlState } from '../connections.ts';

/** By the class of the SQLSTATE, or the whole of it. */
const MEANINGS: Readonly<Record<string, string>> = {
  '22': 'a value does not fit',
  '23': 'a constraint was broken',
  '40': 'it met another transaction',
  '42': 'a name, a type or a right in it is wrong',
  '42501': 'the owner of the database may not do that',
  '53': 'the server has too little room',
  '54': 'it reaches a limit of the server',
  P0: 'code in it raised an error',
};

interface ServerError {
  position?: string;
  where?: string;
  internalQuery?: string;
  table?: string;
  column?: string;
  constraint?: string;
}

/**
 * A clause. The server's own text is told where it found the fault while it read the statement: the text repeats the
 * statement then. Of what came up while it ran, the text can hold values, as `email::regclass` shows, and where code raised
 * the error the names can as well.
 */
export function errorWords(error: Error): string {
  const state = sqlState(error);
  if (state === undefined) return error.message;
  const { position, where, internalQuery, table, column, constraint } = error as ServerError;
  const isOfCode = where !== undefined || internalQuery !== undefined;
  if (position !== undefined && !isOfCode) return `${error.message} (SQLSTATE ${state})`;
  const named = isOfCode ? [] : Object.entries({ table, column, constraint });
  const names = named.flatMap(([kind, name]) => (name === undefined ? [] : [`the ${kind} "${name}"`]));
  const meaning = MEANINGS[state] ?? MEANINGS[state.slice(0, 2)] ?? 'the server refused it';
  return `${meaning}${names.length === 0 ? '' : `, for ${names.join(', ')}`} (SQLSTATE ${state})`;
}
