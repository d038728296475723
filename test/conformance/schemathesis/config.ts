/** What Schemathesis is told, in its own form: TOML, whose strings are those of JSON. */
import { type Known, PASSING } from './seed.ts';

/** What deletes a thing with all that is in it takes the one that is there for it. */
const deletes = {
  'DELETE /v1/projects/{project}': 'path.project',
  'DELETE /v1/projects/{project}/environments/{environment}': 'path.environment',
  'DELETE /v1/projects/{project}/services/{service}': 'path.service',
  'DELETE /v1/projects/{project}/environments/{environment}/services/{service}': 'path.service',
};

/** How often a value is one that Berth knows; else it is made up. */
const PROBABILITY = 0.8;

/** An address in no network, which Berth refuses to fetch from. */
const NOWHERE = 'https://192.0.2.1/harbour';

/** @param token what all requests bring */
export function configOf(known: Known, token: string): string {
  const dictionaries = Object.entries(known).map(
    ([place, values]) => `[dictionaries.${JSON.stringify(place)}]\nvalues = ${JSON.stringify(values)}\n`,
  );
  const parameters = [
    ...Object.keys(known).map(
      (place) =>
        `${JSON.stringify(place)} = { dictionary = ${JSON.stringify(place)}, probability = ${PROBABILITY} }`,
    ),
    `"body.git.url" = ${JSON.stringify(NOWHERE)}`,
  ];
  const operations = Object.entries(deletes).map(
    ([name, place]) =>
      `[[operations]]\ninclude-name = ${JSON.stringify(name)}\nparameters = { ${JSON.stringify(place)} = ${JSON.stringify(PASSING)} }\n`,
  );
  return `headers = { Authorization = ${JSON.stringify(`Bearer ${token}`)} }
request-timeout = 40
continue-on-failure = true
suppress-health-check = ["filter_too_much", "too_slow"]

${dictionaries.join('\n')}
[parameters]
${parameters.join('\n')}

${operations.join('\n')}`;
}
