/**
 * Trust in pipelines of other systems: which subjects of their tokens a rule may name. A pattern has to name one
 * repository in full, so that no fork and no other repository can meet it, and has to say what ran in that
 * repository.
 */

/** What a pipeline's token says, as far as rules read it. */
export interface PipelineClaims {
  sub: string;
  /** GitHub: what started the run. */
  event_name?: string | undefined;
  /** GitHub: id of the repository, which outlives its name. */
  repository_id?: string | undefined;
  /** GitLab: what started the pipeline. */
  pipeline_source?: string | undefined;
  /** GitLab: the full ref that runs. */
  ref_path?: string | undefined;
  /** GitLab: id of the project, which outlives its path. */
  project_id?: string | undefined;
}

export const SUBJECT_MAX = 255;

const NAME = '[A-Za-z0-9_][A-Za-z0-9_.-]*';
/** GitHub may add ids to owner and name: `repo:octo@1/hello@2:...`. */
const GITHUB_REPOSITORY = `${NAME}(?:@[0-9]+)?/${NAME}(?:@[0-9]+)?`;
const GITLAB_PROJECT = `${NAME}(?:/${NAME}){1,20}`;
/** A part of a ref or an environment's name: plain characters, and at most one `*`. */
const PART = '[A-Za-z0-9_.@+-]*\\*?[A-Za-z0-9_.@+-]*';
const REF = `${PART}(?:/${PART}){0,10}`;

const GITHUB = new RegExp(
  `^repo:${GITHUB_REPOSITORY}:(?:ref:refs/(?:heads|tags)/${REF}|environment:${PART}|pull_request)$`,
);
const GITLAB = new RegExp(`^project_path:${GITLAB_PROJECT}:ref_type:(?:branch|tag):ref:${REF}$`);
const PULL_REQUEST = /:pull_request$/;

/**
 * Why a pattern can not be used; undefined when it can.
 * @param pullRequests the rule allows runs for pull requests
 */
export function subjectFault(pattern: string, pullRequests: boolean): string | undefined {
  if (pattern.length > SUBJECT_MAX) return `must be at most ${SUBJECT_MAX} characters long`;
  const isGitHub = GITHUB.test(pattern);
  if (!isGitHub && !GITLAB.test(pattern)) {
    const repository = /^(?:repo|project_path):([^:]*)/.exec(pattern)?.[1];
    if (repository?.includes('*'))
      return 'must name owner and repository in full: a wildcard there lets in others';
    if (/^repo:[^:]+:\*/.test(pattern) || /^repo:[^:]+$/.test(pattern)) {
      return 'must say what of the repository is meant, such as ":ref:refs/heads/main" or ":environment:production"';
    }
    return (
      'must be "repo:<owner>/<name>:" and "ref:refs/heads/<branch>", "ref:refs/tags/<tag>" or "environment:<name>", or ' +
      '"project_path:<group>/<project>:ref_type:<branch or tag>:ref:<ref>", with at most one "*" in a part'
    );
  }
  if (/\.\.|\/\/|\/$|:$/.test(pattern)) return 'must have no empty part';
  if (PULL_REQUEST.test(pattern) && !pullRequests) {
    return 'lets in whoever opens a pull request: say so with "pullRequests" and a reason';
  }
  return undefined;
}

/** Characters that control a terminal, turn the direction of text, or are not seen: no subject has them. */
const UNREADABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/**
 * Tells whether a subject meets a pattern: exactly, where a `*` stands for one or more characters other than `/` and
 * `:`.
 */
export function meetsSubject(subject: string, pattern: string): boolean {
  if (UNREADABLE.test(subject)) return false;
  const wanted = pattern.split(/(?<=[/:])/);
  const given = subject.split(/(?<=[/:])/);
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => {
      const star = part.indexOf('*');
      const text = given[at] ?? '';
      if (star === -1) return part === text;
      const [start, end] = [part.slice(0, star), part.slice(star + 1)];
      return text.length > part.length - 1 && text.startsWith(start) && text.endsWith(end);
    })
  );
}

/**
 * What starts a run of code that someone with write access has put there, steered by nobody else: `event_name` of
 * GitHub, and `pipeline_source` of GitLab. Everything else may be for a stranger's pull request or comment.
 */
const TRUSTED_EVENTS: ReadonlySet<string> = new Set([
  'create',
  'deployment',
  'push',
  'release',
  'repository_dispatch',
  'schedule',
  'workflow_dispatch',
]);
const TRUSTED_SOURCES: ReadonlySet<string> = new Set([
  'api',
  'parent_pipeline',
  'pipeline',
  'push',
  'schedule',
  'trigger',
  'web',
  'webide',
]);

/** What a rule asks of a token, beside its issuer and audience. */
export interface TrustConditions {
  subjects: readonly string[];
  /** The id of the repository or project in the other system. */
  repositoryId?: string;
  pullRequests?: { reason: string };
}

/**
 * Tells whether a token's claims meet a rule. The subject alone does not tell what a run for a pull request has
 * checked out.
 */
export function meetsTrust(claims: PipelineClaims, trust: TrustConditions): boolean {
  const { sub, event_name, pipeline_source, ref_path, repository_id, project_id } = claims;
  if (!trust.subjects.some((pattern) => meetsSubject(sub, pattern))) return false;
  if (trust.repositoryId !== undefined && trust.repositoryId !== (repository_id ?? project_id)) return false;
  if (trust.pullRequests) return true;
  const isTrusted =
    event_name === undefined
      ? pipeline_source !== undefined && TRUSTED_SOURCES.has(pipeline_source)
      : TRUSTED_EVENTS.has(event_name);
  if (!isTrusted) return false;
  // GitLab runs a fork's merge request in the target project, under a branch name of the fork's choice.
  return ref_path === undefined || /^refs\/(?:heads|tags)\//.test(ref_path);
}
