import { describe, expect, it } from 'vitest';
import { withSchema } from '../../cli/src/commands/source/editor.ts';
import { settingNames } from '../../functions/core/score/settings.ts';
import { resourceTypes } from '../../functions/resources/index.ts';
import { checkScoreText } from '../../functions/resources/score/check-score.ts';
import { scoreSchema } from '../../functions/resources/score/score-schema.ts';

const SCORE = `apiVersion: score.dev/v1b1
metadata:
  name: shop
  annotations: {berth.dev/replicas: "2", example.com/own: x}
service: {ports: {www: {port: 80, targetPort: 8080}}}
containers:
  web:
    image: .
    variables:
      URL: \${resources.db.url}
resources:
  db:
    type: postgres
  data:
    type: volume
    params: {size: 1Gi}
`;

describe('The faults of a Score file', () => {
  it('are none where a build takes it', () => {
    expect(checkScoreText(SCORE)).toEqual([]);
  });

  it('stand at their lines: form, types, params, images, outputs', () => {
    const linesOf = (from: string, to: string) =>
      checkScoreText(SCORE.replace(from, to)).map(({ line, path }) => `${line} ${path}`);
    expect(linesOf('image: .', 'imag: .')).toEqual(['8 containers.web.imag']);
    expect(linesOf('type: postgres', 'type: postgrs')).toContain('13 resources.db.type');
    expect(linesOf('size: 1Gi', 'size: 7')).toEqual(['16 resources.data.params.size']);
    expect(linesOf('image: .', 'image: nginx')).toEqual([]);
    expect(linesOf('image: .', 'image: "dir:/etc"')).toEqual(['8 containers.web.image']);
    expect(linesOf('db.url', 'db.uri')).toEqual(['10 containers.web.variables.URL']);
    expect(linesOf('  name: shop', '\tname: shop')).toEqual(['3 ']);
  });
});

describe('The schema for editors', () => {
  const schema = JSON.parse(JSON.stringify(scoreSchema()));
  const { metadata, resources, containers } = schema.properties;

  it('knows every annotation of Berth, and no other under its name', () => {
    const names = settingNames.map((name) => `berth.dev/${name}`);
    expect(Object.keys(metadata.properties.annotations.properties)).toEqual(names);
    const [others, ours] = metadata.properties.annotations.propertyNames.anyOf;
    expect(ours.enum).toEqual(names);
    expect(new RegExp(others.not.pattern).test('berth.dev/replica')).toBe(true);
    expect(new RegExp(others.not.pattern).test('example.com/own')).toBe(false);
  });

  it('knows every resource type with its params, which may be placeholders', () => {
    const { properties, allOf } = resources.additionalProperties;
    expect(properties.type.enum).toEqual(resourceTypes.map(({ type }) => type));
    const volume = allOf.find((each: any) => each.if.properties.type.const === 'volume');
    expect(volume.then.properties.params).toMatchObject({
      additionalProperties: false,
      properties: { size: { anyOf: [{ type: 'string' }, { pattern: '\\$\\{' }] } },
    });
  });

  it('refuses keys that Score does not have', () => {
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ['apiVersion', 'metadata', 'containers'],
    });
    expect(containers.additionalProperties).toMatchObject({
      additionalProperties: false,
      required: ['image'],
    });
    expect(containers.additionalProperties.properties.readinessProbe).toBeDefined();
  });

  it('stands beside what the settings of the editor have, and leaves alone what is no plain JSON', () => {
    const merged = JSON.parse(
      withSchema('{"a": 1, "yaml.schemas": {"other": "x.yaml"}}', 'https://b/s.json') ?? '',
    );
    expect(merged).toEqual({
      a: 1,
      'yaml.schemas': { other: 'x.yaml', 'https://b/s.json': ['score.yaml', '**/score.yaml'] },
    });
    expect(withSchema(undefined, 'https://b/s.json')).toContain('score.yaml');
    for (const text of ['// why\n{}', '[]', '{"yaml.schemas": []}'])
      expect(withSchema(text, 'u')).toBeUndefined();
  });
});
