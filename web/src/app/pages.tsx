/** Which page an address shows; each is loaded when it is first opened. */
import { useEffect } from 'react';
import { Route, Switch } from 'wouter';
import { firstPage, lazyPage, loadTheRest } from './lazy-page.ts';
import { isName } from './paths.ts';

const Projects = firstPage(() => import('../pages/projects.tsx'));
const Overview = firstPage(() => import('../pages/overview.tsx'));
const Environment = lazyPage(() => import('../pages/environment.tsx'));
const Service = lazyPage(() => import('../pages/service.tsx'));
const Operation = lazyPage(() => import('../pages/operation.tsx'));
const Deploy = lazyPage(() => import('../pages/deploy.tsx'));
const Builds = lazyPage(() => import('../pages/builds.tsx'));
const Activity = lazyPage(() => import('../pages/activity.tsx'));
const Missing = lazyPage(() => import('../pages/missing.tsx'));

const OPERATION = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export function Pages() {
  useEffect(loadTheRest, []);
  return (
    <Switch>
      <Route path="/">
        <Projects />
      </Route>
      <Route path="/projects/:project">
        {({ project }) => (isName(project) ? <Overview project={project} /> : <Missing />)}
      </Route>
      <Route path="/projects/:project/environments/:environment">
        {({ project, environment }) =>
          isName(project) && isName(environment) ? (
            <Environment project={project} environment={environment} />
          ) : (
            <Missing />
          )
        }
      </Route>
      <Route path="/projects/:project/environments/:environment/services/:service/:tab?">
        {({ project, environment, service, tab }) =>
          isName(project) && isName(environment) && isName(service) ? (
            <Service place={{ project, environment, service }} tab={tab ?? 'status'} />
          ) : (
            <Missing />
          )
        }
      </Route>
      <Route path="/projects/:project/deploy">
        {({ project }) => (isName(project) ? <Deploy project={project} /> : <Missing />)}
      </Route>
      <Route path="/projects/:project/builds">
        {({ project }) => (isName(project) ? <Builds project={project} /> : <Missing />)}
      </Route>
      <Route path="/projects/:project/activity">
        {({ project }) => (isName(project) ? <Activity project={project} /> : <Missing />)}
      </Route>
      <Route path="/projects/:project/operations/:operation">
        {({ project, operation }) =>
          isName(project) && OPERATION.test(operation) ? (
            <Operation key={operation} project={project} id={operation} />
          ) : (
            <Missing />
          )
        }
      </Route>
      <Route>
        <Missing />
      </Route>
    </Switch>
  );
}
