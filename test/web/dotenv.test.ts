import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../functions/core/dotenv.ts';
import { toDotenv } from '../../web/src/pages/environment/dotenv.ts';

describe('Variables as a file', () => {
  it('come back as they are, whatever is in them', () => {
    const values = [
      '',
      'plain',
      ' spaces ',
      '# no comment',
      'a # b',
      'two\nlines\r\nand\tmore',
      '"quoted" \'twice\' `thrice`',
      'C:\\new\\"path"\\',
      '\\n',
      'https://x.example/a?b=c&d=%20#e',
      '$HOME ${x}',
      '{"a": "ü\u2028"}',
    ];
    const variables = values.map((value, at) => ({ name: `V${at}`, value }));
    expect([...parseDotenv(toDotenv(variables))].map(([name, value]) => ({ name, value }))).toEqual(
      variables,
    );
  });
});
