import { describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import { confineDockerfile } from '../../../functions/core/source/dockerfile.ts';

const confine = (text: string, scope = 'secret of alpha'): string => confineDockerfile(text, scope).text;
const refusal = (text: string): Problem => {
  try {
    confine(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`it was taken: ${JSON.stringify(text)}`);
};
const B = 'FROM debian:13\n';

describe('A Dockerfile is refused that', () => {
  it.each([
    ['by an id', `${B}RUN --mount=type=cache,id=../../../etc,target=/x ls`],
    ['by a relative target', `${B}RUN --mount=type=cache,target=../../etc ls`],
    ['by the source of a bind', `${B}RUN --mount=type=bind,source=../../etc,target=/x ls`],
    [
      'by a link of a stage',
      `FROM debian AS evil\n${B}RUN --mount=type=bind,from=evil,source=/link,target=/x ls`,
    ],
    ['by a link that a step lays', `${B}RUN --mount=type=bind,target=/src,rw ls`],
    ['by a link of a mount that can be written', `${B}RUN --mount=type=bind,readwrite=true,target=/src ls`],
    ['by a mount that is not read-only', `${B}RUN --mount=type=bind,ro=false,target=/src ls`],
    ['by a stage of a cache', `FROM debian AS evil\n${B}RUN --mount=type=cache,from=evil,target=/x ls`],
    ['by a file of a secret', `${B}RUN --mount=type=secret,id=x,src=/etc/shadow ls`],
    ['with two types', `${B}RUN --mount=type=secret,type=cache,target=/x ls`],
    ['in quotes', `${B}RUN --mount="type=cache,id=../x,target=/x" ls`],
    ['with a backslash in the flag', `${B}RUN -\\-mount=type=cache,id=../x,target=/x ls`],
    ['by a variable', `${B}ARG M=type=cache,id=../x\nRUN --mount=$M,target=/x ls`],
    ['over two lines', `${B}RUN --mou\\\nnt=type=cache,id=../x,target=/x ls`],
    ['after a comment', `${B}RUN \\\n# a comment\n --mount=type=cache,id=../x,target=/x ls`],
    ['when it is built upon', `${B}ONBUILD RUN --mount=type=cache,id=../x,target=/x ls`],
    ['after two backslashes', `${B}RUN ls \\\\\nRUN --mount=type=cache,id=../x,target=/x ls`],
    ['after an indented comment', `${B}RUN ls \\\n  # no more\nRUN --mount=type=cache,id=../x,target=/x ls`],
    ['in a here-document', `${B}RUN <<EOF\nRUN --mount=type=cache,id=../x,target=/x ls\nEOF`],
    ['in small letters', `${B}run --mount=type=cache,id=../x,target=/x ls`],
    ['after other blanks', `${B}RUN\u00a0--mount=type=cache,id=../x,target=/x ls`],
    ['of an agent for SSH', `${B}RUN --mount=type=ssh ls`],
    ['beside the network of the machine', `${B}RUN --network=host ls`],
    ['beside the rights of the machine', `${B}RUN --security=insecure ls`],
  ])('mounts what is not of its build: %s', (_how, text) => {
    expect(refusal(text).message).toMatch(/the mount|RUN does not take/);
  });

  it.each([
    ['a directory', 'FROM dir:/etc'],
    ['a relative directory', 'FROM dir:data'],
    ['a layout', 'FROM oci:/var/lib/berth/registry'],
    ['an archive', 'FROM docker-archive:/backup.tar'],
    ['the storage', 'FROM containers-storage:abc'],
    ['the beginning of an id', 'FROM 073'],
    ['a digest', 'FROM sha256:073c78745628'],
    ['a host that is none', 'FROM ghcr.io./acme/private'],
    ['a name by another way', 'FROM docker.io/library/../acme/private'],
    ["what Berth keeps of others' images", 'FROM localhost/berth-51613ab291ba3f83:1f'],
    ['the same by its short name', 'FROM berth-51613ab291ba3f83:1f'],
    ['arguments put together', 'ARG A=d\nARG B=ir:data\nFROM ${A}${B}'],
    ['an argument of an argument', 'ARG A=${X:-d}\nARG B=${A}ir:data\nFROM $B'],
    ['an argument with two defaults', 'ARG A=dir:data\nFROM debian\nARG A=debian\nFROM $A'],
    ['a substitution', 'ARG A=xdir:data\nFROM ${A#x}'],
    ['another stage', 'FROM debian\nCOPY --from=073 /x /x'],
    ['a stage that is not there yet', 'FROM debian\nCOPY --from=1 /x /x'],
    [
      'stages of a here-document',
      'FROM debian\nRUN <<EOF\nFROM scratch\nFROM scratch\nEOF\nCOPY --from=2 /x /x',
    ],
    [
      'a stage with the name of a directory',
      'FROM debian\nRUN <<EOF\nFROM scratch AS dir:data\nEOF\nFROM dir:data',
    ],
    ['a flag in quotes', 'FROM debian\nCOPY "--from=073" /x /x'],
    ['a name in quotes', 'FROM "dir:/etc"'],
  ])('names an image that is in no registry: %s', (_how, text) => {
    expect(refusal(text).message).toMatch(/is not the name of an image in a registry/);
  });

  it.each([
    ['as it is', 'ADD http://127.0.0.1:4600/healthz /x'],
    ['by TLS', 'ADD https://169.254.169.254/latest /x'],
    ['as a repository', 'ADD git@internal:a/b.git /x'],
    ['in a list', 'ADD ["a","\\u0068ttp://127.0.0.1/","/x"]'],
    ['in quotes', `ADD "h"'ttp'://127.0.0.1 /x`],
    ['with a backslash', 'ADD h\\ttp://127.0.0.1 /x'],
    ['by a variable', 'ARG U=http://127.0.0.1\nADD $U /x'],
    ['by a part of it', 'ARG U=p://127.0.0.1\nADD htt${U} /x'],
    ['among files', 'ADD a.txt b.txt http://127.0.0.1/ /x/'],
    ['after a flag', 'ADD --chown=1:1 http://127.0.0.1/ /x'],
    ['over two lines', 'ADD \\\n http://127.0.0.1/ /x'],
  ])('has the engine fetch an address: %s', (_how, text) => {
    expect(refusal(`${B}${text}`).message).toMatch(/ADD takes files of the source alone/);
  });

  it('is longer than anyone reads, in time', () => {
    expect(refusal(`${B}${'RUN a \\\\\n'.repeat(3000)}`).message).toMatch(/1000 lines/);
    expect(() => confine(`${B}${'RUN a <<E \\\n'.repeat(300)}`)).not.toThrow();
  });

  it('sets another escape character', () => {
    expect(refusal(`# escape=\`\n${B}`).code).toBe('build_failed');
  });
});

describe('A Dockerfile is taken', () => {
  it.each([
    'FROM node:24-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci && \\\n    npm run build\nFROM nginx\nCOPY --from=build /app/dist /usr/share/nginx/html\nCOPY --from=0 /app/x /x\n',
    'ARG PYTHON_VERSION=3.13\nFROM --platform=$BUILDPLATFORM python:${PYTHON_VERSION}-slim\nARG PYTHON_VERSION\n',
    'FROM ghcr.io/astral-sh/uv:0.5@sha256:' +
      'a'.repeat(64) +
      '\nCOPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/',
    'FROM debian\nRUN --mount=type=secret,id=NPM_TOKEN,required=true cat /run/secrets/NPM_TOKEN\n',
    'FROM debian\nRUN --mount=type=bind,source=package.json,target=package.json ls\n',
    'FROM debian\nRUN --mount=type=tmpfs,target=/tmp --network=none ls\n',
    'FROM scratch\nADD root.tar /\nADD dist/${X}.tar /x\n',
    'FROM debian\nRUN <<EOF\napt-get update\nEOF\nCOPY <<EOF /etc/conf\na=b\nEOF\n',
    '# syntax=docker/dockerfile:1\n# escape=\\\nFROM debian\n',
    'FROM alpine\nRUN apk --no-cache \\\n  add curl\n',
  ])('that builds within itself: %j', (text) => {
    expect(confine(text)).toContain('LABEL dev.berth.cache=');
  });

  it('with a cache that nobody else has: of its steps, in each stage', () => {
    const text = 'FROM debian AS x\nRUN ls\nFROM \\\n  nginx\nRUN <<EOF\nFROM users\nEOF\n';
    const [own, others] = [confine(text), confine(text, 'secret of beta')];
    const label = /^LABEL dev\.berth\.cache=([0-9a-f]{32})$/gm;
    expect([...own.matchAll(label)]).toHaveLength(2);
    expect(own.replaceAll(label, '-')).toBe(
      'FROM debian AS x\n-\nRUN ls\nFROM \\\n  nginx\n-\nRUN <<EOF\nFROM users\nEOF\n\n',
    );
    expect(own.match(label)?.[0]).not.toBe(others.match(label)?.[0]);
    expect(own).not.toContain('secret');
    expect(confine(text)).toBe(own);
  });

  it('with a cache that nobody else has: of its mounts, by their ids and targets', () => {
    const mount = (options: string, scope?: string): string =>
      /--mount=\S+/.exec(confine(`FROM debian\nRUN --mount=${options} ls`, scope))?.[0] ?? '';
    expect(mount('type=cache,id=pip,target=/c')).toMatch(
      /^--mount=type=cache,id=berth-[0-9a-f]{32},target=\/c$/,
    );
    expect(mount('target=/c,type=cache,id=pip')).toBe(mount('type=cache,id=pip,target=/c'));
    expect(mount('type=cache,target=/c')).not.toBe(mount('type=cache,id=pip,target=/c'));
    expect(mount('type=cache,target=/c')).not.toBe(mount('type=cache,target=/c', 'secret of beta'));
  });
});
