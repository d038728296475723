import { describe, expect, it } from 'vitest';
import { meetsSubject, meetsTrust, subjectFault } from '../../../functions/core/authorization/trust.ts';

const main = 'repo:octo/guestbook:ref:refs/heads/main';
const gitlab = 'project_path:octo/apps/guestbook:ref_type:branch:ref:main';

describe('A pattern of subjects', () => {
  it.each([
    main,
    'repo:octo/guestbook:ref:refs/heads/release/*',
    'repo:octo/guestbook:ref:refs/tags/v*',
    'repo:octo/guestbook:environment:production',
    'repo:octo@12/guestbook@34:ref:refs/heads/main',
    'repo:Octo-Org/guest.book_1:ref:refs/heads/feature-*/x',
    gitlab,
    'project_path:octo/guestbook:ref_type:tag:ref:v*',
  ])('can be %s', (pattern) => {
    expect(subjectFault(pattern, false)).toBeUndefined();
  });

  it.each([
    ['', /must be "repo/],
    ['*', /must be "repo/],
    ['repo:*', /in full/],
    ['repo:octo/*', /in full/],
    ['repo:octo/*:ref:refs/heads/main', /in full/],
    ['repo:octo/guest*:ref:refs/heads/main', /in full/],
    ['repo:*/guestbook:ref:refs/heads/main', /in full/],
    ['repo:o*o/guestbook:ref:refs/heads/main', /in full/],
    ['project_path:octo/*:ref_type:branch:ref:main', /in full/],
    ['repo:octo/guestbook', /must say what/],
    ['repo:octo/guestbook:*', /must say what/],
    ['repo:octo/guestbook:*:refs/heads/main', /must say what/],
    ['repo:guestbook:ref:refs/heads/main', /must be "repo/],
    ['repo:/guestbook:ref:refs/heads/main', /must be "repo/],
    ['repo:octo/guestbook:ref:*', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/*', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/pull/1/merge', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/*/main', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/heads/**', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/heads/a*b*', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/heads/', /empty part/],
    ['repo:octo/guestbook:ref:refs/heads/a//b', /empty part/],
    ['repo:octo/guestbook:environment:', /empty part/],
    ['repo:octo/guestbook:pull_request', /pull request/],
    ['project_path:octo/guestbook:ref_type:*:ref:main', /must be "repo/],
    ['project_path:octo:ref_type:branch:ref:main', /must be "repo/],
    [`${main}\n`, /must be "repo/],
    [` ${main}`, /must be "repo/],
    ['repo:octo/guestbook:ref:refs/heads/ma?n', /must be "repo/],
    ['repo:octo/guestbook:ref:refs/heads/(a+)+', /must be "repo/],
    ['repo:octo/../other:ref:refs/heads/main', /must be "repo|in full/],
    ['system:serviceaccount:default:x', /must be "repo/],
    [`${main}${'x'.repeat(255)}`, /at most 255/],
  ])('can not be %j', (pattern, why) => {
    expect(subjectFault(pattern, false)).toMatch(why);
  });

  it('lets in pull requests only where the rule does', () => {
    expect(subjectFault('repo:octo/guestbook:pull_request', true)).toBeUndefined();
    expect(subjectFault('repo:*/guestbook:pull_request', true)).toBeDefined();
  });
});

describe('A subject', () => {
  it.each([
    [main, main],
    ['repo:octo/guestbook:ref:refs/heads/release/1', 'repo:octo/guestbook:ref:refs/heads/release/*'],
    ['repo:octo/guestbook:ref:refs/tags/v1.2', 'repo:octo/guestbook:ref:refs/tags/v*'],
    ['repo:octo/guestbook:environment:pr-7-x', 'repo:octo/guestbook:environment:pr-*-x'],
  ])('%s meets %s', (subject, pattern) => {
    expect(meetsSubject(subject, pattern)).toBe(true);
  });

  it.each([
    ['repo:eve/guestbook:ref:refs/heads/main', main],
    ['repo:octo/guestbook2:ref:refs/heads/main', main],
    ['repo:octo/guestbook:ref:refs/heads/main2', main],
    ['repo:octo/guestbook:ref:refs/heads/main\n', main],
    ['xrepo:octo/guestbook:ref:refs/heads/main', main],
    ['repo:octo/guestbook:pull_request', main],
    ['repo:OCTO/guestbook:ref:refs/heads/main', main],
    ['repo:octo/guestbook:ref:refs/heads/release/a/b', 'repo:octo/guestbook:ref:refs/heads/release/*'],
    ['repo:octo/guestbook:ref:refs/heads/release/', 'repo:octo/guestbook:ref:refs/heads/release/*'],
    ['repo:octo/guestbook:ref:refs/heads/release', 'repo:octo/guestbook:ref:refs/heads/release/*'],
    ['repo:octo/guestbook:environment:a:b', 'repo:octo/guestbook:environment:*'],
    ['repo:octo/guestbook:environment:pr-x', 'repo:octo/guestbook:environment:pr-*-x'],
    // The audit trail is read by people.
    ['repo:octo/guestbook:environment:pr-\u202e7', 'repo:octo/guestbook:environment:pr-*'],
    ['repo:octo/guestbook:environment:pr-\u200f7', 'repo:octo/guestbook:environment:pr-*'],
    ['repo:octo/guestbook:environment:pr-\u001b[2J7', 'repo:octo/guestbook:environment:pr-*'],
    ['repo:octo/guestbook:environment:pr-\u20287', 'repo:octo/guestbook:environment:pr-*'],
    ['repo:octo/guestbook:environment:pr-\ud8007', 'repo:octo/guestbook:environment:pr-*'],
    // What stands for a character there is one here.
    ['repo:octo/guestXbook:ref:refs/heads/main', 'repo:octo/guest.book:ref:refs/heads/main'],
    ['', main],
  ])('%j does not meet %s', (subject, pattern) => {
    expect(meetsSubject(subject, pattern)).toBe(false);
  });
});

describe('A rule', () => {
  const rule = { subjects: ['repo:octo/x:ref:refs/heads/y', main] };
  it('takes events that are known to need write access, and no others, unless it lets in pull requests', () => {
    expect(meetsTrust({ sub: main, event_name: 'push' }, rule)).toBe(true);
    expect(meetsTrust({ sub: main }, rule)).toBe(false);
    for (const event_name of ['workflow_dispatch', 'schedule', 'release', 'repository_dispatch']) {
      expect(meetsTrust({ sub: main, event_name }, rule), event_name).toBe(true);
    }
    for (const event_name of [
      'pull_request',
      'pull_request_target',
      'issue_comment',
      'workflow_run',
      'commit_comment',
      'gollum',
      'label',
      'PULL_REQUEST',
      'PUSH',
      'merge_group',
      'web',
      '',
    ]) {
      expect(meetsTrust({ sub: main, event_name }, rule), event_name).toBe(false);
      expect(meetsTrust({ sub: main, event_name }, { ...rule, pullRequests: { reason: 'x' } })).toBe(true);
    }
    const merge = { subjects: [gitlab] };
    expect(meetsTrust({ sub: gitlab, pipeline_source: 'push', ref_path: 'refs/heads/main' }, merge)).toBe(
      true,
    );
    for (const pipeline_source of ['merge_request_event', 'external_pull_request_event', 'chat', 'unknown']) {
      expect(meetsTrust({ sub: gitlab, pipeline_source }, merge), pipeline_source).toBe(false);
    }
    const merged = { sub: gitlab, pipeline_source: 'push', ref_path: 'refs/merge-requests/7/head' };
    expect(meetsTrust(merged, merge)).toBe(false);
  });

  it('takes one repository by its number where it names one', () => {
    const push = { sub: main, event_name: 'push' };
    const numbered = { ...rule, repositoryId: '42' };
    expect(meetsTrust({ ...push, repository_id: '42' }, numbered)).toBe(true);
    expect(meetsTrust({ ...push, project_id: '42' }, numbered)).toBe(true);
    expect(meetsTrust({ ...push, repository_id: '43' }, numbered)).toBe(false);
    expect(meetsTrust(push, numbered)).toBe(false);
    expect(meetsTrust({ ...push, repository_id: '43', project_id: '42' }, numbered)).toBe(false);
  });
});
