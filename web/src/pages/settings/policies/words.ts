/** What a policy asks for, in words. */
import type { PolicyRule } from '../../../../../client/types.generated.ts';
import { plain } from '../../../components/plain.ts';
import type { Day, RuleKind, Window } from './draft.ts';

export const kindWords: Readonly<Record<RuleKind, { label: string; description: string }>> = {
  branches: { label: 'Branches', description: 'Berth built it from one of these branches.' },
  freeze: { label: 'Freeze', description: 'Nothing is deployed at these times.' },
  ceiling: { label: 'Ceiling', description: 'Limits on processor, memory and replicas.' },
  budget: { label: 'Budget', description: 'What an environment may cost in a month in which it is awake.' },
  'allowed-registries': { label: 'Registries', description: 'Images come from one of these, or from Berth.' },
  'digest-only': { label: 'Digests', description: 'Images that were pushed are named by digest.' },
  scan: { label: 'Scan', description: 'The image has no finding of this severity or worse.' },
  signature: { label: 'Signature', description: 'The image is signed with one of these keys.' },
};

export const dayWords: Readonly<Record<Day, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};

/** @example ruleWords({ kind: 'branches', branches: ['main'] }) // "built from main" */
export function ruleWords(rule: PolicyRule): string {
  switch (rule.kind) {
    case 'allowed-registries':
      return `images from ${rule.registries.map(plain).join(', ')}, or from Berth`;
    case 'digest-only':
      return 'images named by digest';
    case 'scan':
      return `no finding of severity ${rule.severity} or worse`;
    case 'signature':
      return `signed with ${rule.keys.map(({ name }) => plain(name)).join(' or ')}`;
    case 'ceiling': {
      const { cpu, memory, replicas } = rule;
      return [
        cpu !== undefined && `${cpu} of a processor`,
        memory !== undefined && `${memory} of memory`,
        replicas !== undefined && `${replicas} replicas`,
      ]
        .filter(Boolean)
        .join(', ')
        .replace(/^/, 'at most ');
    }
    case 'branches':
      return `built from ${rule.branches.map(plain).join(' or ')}${
        rule.repositories ? ` of ${rule.repositories.map(plain).join(' or ')}` : ''
      }`;
    case 'freeze':
      return `nothing ${rule.windows.map(windowWords).join('; and ')}`;
    case 'budget':
      return `at most ${rule.usdPerMonth} USD a month for ${rule.of === undefined ? 'an environment' : `one that is ${rule.of}`}`;
  }
}

function windowWords(window: Window): string {
  const reason = window.reason === undefined ? '' : ` (${plain(window.reason)})`;
  if ('days' in window) {
    const on = window.days.map((day) => dayWords[day]).join(', ');
    return `on ${on}, ${window.start} to ${window.end} in ${window.timeZone}${reason}`;
  }
  const at = (time: string): string =>
    new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
  return `from ${at(window.from)} to ${at(window.to)}${reason}`;
}
