/** Goes anywhere and starts anything from the keyboard: Ctrl+K. */
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useOverview } from '../api/read.ts';
import { leave } from './leave.ts';
import { navigate } from './navigation.ts';
import {
  activityPath,
  approvalsPath,
  backupsPath,
  buildsPath,
  deployPath,
  environmentLogsPath,
  environmentPath,
  mapPath,
  newProjectPath,
  pipelinePath,
  projectPath,
  servicePath,
  serviceTabs,
  settingsPages,
  settingsPath,
  tokensPath,
} from './paths.ts';
import { useProjects } from './projects.ts';
import { setTheme } from './theme.ts';

interface Command {
  text: string;
  /** What kind of thing it is. */
  kind: 'Go to' | 'Deploy' | 'Do';
  run(): void;
}

const SHOWN_MAX = 12;

const go = (text: string, href: string, kind: Command['kind'] = 'Go to'): Command => ({
  text,
  kind,
  run: () => navigate(href),
});

function useCommands(project: string | undefined): Command[] {
  const { data: projects = [] } = useProjects();
  const { data: overview } = useOverview(project);
  return useMemo(() => {
    const { services = [], environments = [], instances = [] } = overview ?? {};
    const inProject: Command[] =
      project === undefined
        ? []
        : [
            go('Overview', projectPath(project)),
            go('Pipeline', pipelinePath(project)),
            go('Builds', buildsPath(project)),
            go('Activity', activityPath(project)),
            go('Deploy …', deployPath(project), 'Deploy'),
            go('Approvals', approvalsPath(project)),
            ...settingsPages.map(({ id, label }) => go(`Settings: ${label}`, settingsPath(project, id))),
            ...instances.flatMap(({ environment, service }) =>
              serviceTabs.map((tab) =>
                go(
                  `${service} in ${environment}${tab === 'status' ? '' : `: ${tab}`}`,
                  servicePath({ project, environment, service }, tab),
                ),
              ),
            ),
            ...environments.flatMap(({ name: environment }) => [
              go(environment, environmentPath({ project, environment })),
              go(`${environment}: map`, mapPath({ project, environment })),
              go(`${environment}: logs`, environmentLogsPath({ project, environment })),
              go(`${environment}: backups`, backupsPath({ project, environment })),
            ]),
            ...services.flatMap(({ name: service }) =>
              environments.map(({ name: environment }) =>
                go(`${service} to ${environment}`, deployPath(project, { service, environment }), 'Deploy'),
              ),
            ),
          ];
    return [
      ...inProject,
      ...projects.map(({ name }) => go(`Project ${name}`, projectPath(name))),
      go('New project', newProjectPath, 'Do'),
      go('Your tokens', tokensPath),
      go('API reference', '/docs'),
      { text: 'Light theme', kind: 'Do', run: () => setTheme('light') },
      { text: 'Dark theme', kind: 'Do', run: () => setTheme('dark') },
      { text: 'Theme of the system', kind: 'Do', run: () => setTheme('system') },
      { text: 'Sign out', kind: 'Do', run: () => leave() },
    ];
  }, [project, projects, overview]);
}

/** Whether every word is in it, in any order. */
const matches = (command: Command, words: readonly string[]): boolean => {
  const text = `${command.kind} ${command.text}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

export default function Palette({ project, onClose }: { project: string | undefined; onClose(): void }) {
  const commands = useCommands(project);
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands.filter((command) => matches(command, words)).slice(0, SHOWN_MAX);
  const chosen = Math.min(active, found.length - 1);
  const run = (command: Command | undefined) => {
    if (!command) return;
    dialog.current?.close();
    command.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined && found.length > 0) {
      event.preventDefault();
      setActive((chosen + move + found.length) % found.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[chosen]);
    }
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it.
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Commands"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Go to or do"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        aria-autocomplete="list"
        placeholder="Go to, deploy, …"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div role="listbox" id={`${id}-list`} aria-label="What there is">
        {found.map((command, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keyboard.
          <div
            key={`${command.kind} ${command.text}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === chosen}
            tabIndex={-1}
            onClick={() => run(command)}
          >
            <span className="soft">{command.kind}</span> {command.text}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="soft palette-none">Nothing is called that.</p>}
    </dialog>
  );
}
