/** What a route of the API is. A file a resource declares its routes; app.ts serves them. */
import type * as z from 'zod';
import type { Policy } from '../../core/authorization/decide.ts';
import type { Origin, Principal } from '../../core/model/index.ts';
import type { Problem, ProblemCode } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Caller, Reply } from '../../records/commit.ts';
import type { Federation } from '../access/federation.ts';
import type { Access } from '../admission/admit.ts';
import type { Identity } from '../identity/identity.ts';
import type { StreamEvent } from './sse.ts';

/** The names between braces in a path: `/v1/projects/{project}` -> `project`. */
export type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** A request that has passed authentication, policy and validation. */
export interface Call<Name extends string = string, Query = unknown, Body = unknown> {
  ports: Ports;
  principal: Principal;
  /** The author of a change, for commands whose answer is not kept; other commands get it from `change`. */
  caller: Caller;
  /** What the principal may do here. */
  access: Access;
  /** Issuers of pipelines' tokens. */
  federation: Federation;
  /** Where the request came from. */
  from: Origin;
  /** How people sign in; undefined where there is no identity provider. */
  identity: Identity | undefined;
  /** Names in the path, each of the form that params.ts gives it. */
  params: Record<Name, string>;
  query: Query;
  body: Body;
  /** The version named by If-Match, where a request has one. */
  precondition: { ifMatch?: string };
  /** The client wants an event stream. */
  wantsStream: boolean;
  lastEventId: string | undefined;
  request: Request;
  /**
   * Runs a command as this caller, once for each idempotency key.
   * @param render the answer, kept with the key
   * @param bodyHash of a body that was streamed and not parsed
   */
  change<Result>(
    render: (result: Result) => Reply,
    run: (caller: Caller) => Promise<Result>,
    bodyHash?: string,
  ): Promise<Reply>;
  /** Whether the same credentials would still be let in, for what goes on after the answer. */
  stillAllowed(): Promise<boolean>;
  /** Answers with an event stream that ends with `events`, with the client, or with the permission to read. */
  stream(events: (signal: AbortSignal) => AsyncIterable<StreamEvent>): Response;
}

export interface Answer {
  summary: string;
  /** Absent: no body. */
  schema?: z.ZodType;
  /** Of a body that is no JSON. */
  mediaType?: string;
  example?: unknown;
  /** The answer names a Location. */
  location?: boolean;
  /** The answer has an ETag. */
  etag?: boolean;
  /** Schema of the data of each event, where the route streams too. */
  stream?: { schema: z.ZodType; summary: string };
}

interface Base<Path extends string, Query extends z.ZodObject, Body extends z.ZodType> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: Path;
  /** Who may call it. No route without one. */
  policy: Policy;
  operationId: string;
  summary: string;
  description?: string;
  tag: string;
  query?: Query;
  /** A JSON body. Without it a body other than `{}` is refused. */
  body?: Body;
  /** Examples for the document, by name; `body` accepts each. */
  bodyExamples?: Record<string, z.input<Body>>;
  /** Also takes a streamed body of this media type. */
  upload?: {
    mediaType: string;
    summary: string;
    handle(call: Call<PathNames<Path>, z.output<Query>, undefined>): Promise<Reply>;
  };
  answers: Record<number, Answer>;
  /** Problem codes beside those that every route of its kind can answer with. */
  problems?: readonly ProblemCode[];
  /**
   * `already_exists` tells of names that the caller may not see: how many are asked for is bounded by person, and those
   * that were taken are on record.
   */
  tellsNames?: boolean;
  /** If-Match is honoured. */
  conditional?: boolean;
  /** Not in the OpenAPI document: a file of the console, or an address that an answer gives. */
  hidden?: boolean;
  handle(call: Call<PathNames<Path>, z.output<Query>, z.output<Body>>): Promise<Reply | Response>;
}

/**
 * A route that belongs to a project whose path does not name it says how to find it, and the environment.
 * `missing` is the answer for what is not there and for what the caller may not see.
 */
export interface Owner<Path extends string> {
  of(
    ports: Ports,
    params: Record<PathNames<Path>, string>,
  ): Promise<{ project: string; environment?: string; createdAt?: string } | undefined>;
  missing(params: Record<PathNames<Path>, string>): Problem;
}

type Ownership<Path extends string> = Path extends `/v1/projects/{project}${string}`
  ? { owner?: never }
  : { owner?: Owner<Path> };

export type RouteSpec<
  Path extends string = string,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> = Base<Path, Query, Body> & Ownership<Path>;

/** A route of the table, its types forgotten. */
export type Route = Base<string, z.ZodObject, z.ZodType> & { owner?: Owner<string> };

/** Declares a route; the handler's types follow from path, query and body. */
export function route<
  const Path extends string,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Path, Query, Body>): Route {
  // Params, query and body are checked against the same spec before the handler sees them.
  return spec as unknown as Route;
}

/** Whether the body may be left out: it has no member that is required. */
export const takesEmptyBody = ({ body }: Pick<Route, 'body'>): boolean => !body || body.safeParse({}).success;
