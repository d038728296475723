/** The map itself. One goes through it by the arrow keys, and chooses with Enter. */
import { type KeyboardEvent, useMemo, useRef } from 'react';
import { perSecond } from '../../components/figures/series.ts';
import { plain } from '../../components/plain.ts';
import { Status } from '../../components/status.tsx';
import { dollars } from '../costs/read-costs.ts';
import type { Graph } from './environment-graph.ts';
import { NODE, nodeBeside, type Placed, pictureOf } from './graph-layout.ts';

interface PictureProps {
  graph: Graph;
  chosen: string | undefined;
  onChoose(id: string): void;
}

export default function Picture({ graph, chosen, onChoose }: PictureProps) {
  const { width, height, nodes, edges } = useMemo(() => pictureOf(graph), [graph]);
  const frame = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const { node: id } = (event.target as HTMLElement).dataset;
    const next = id === undefined ? undefined : nodeBeside(nodes, id, event.key);
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    frame.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it have the focus.
    <div className="map" ref={frame} onKeyDown={onKeyDown}>
      <div className="map-all" style={{ inlineSize: width, blockSize: height }}>
        <svg width={width} height={height} aria-hidden="true">
          {edges.map(({ key, from, to, path }) => (
            <path key={key} d={path} className={chosen === from || chosen === to ? 'chosen' : undefined} />
          ))}
        </svg>
        {nodes.map((node) => (
          <Node key={node.id} node={node} isChosen={node.id === chosen} onChoose={onChoose} />
        ))}
      </div>
    </div>
  );
}

interface NodeProps {
  node: Placed;
  isChosen: boolean;
  onChoose(id: string): void;
}

function Node({ node, isChosen, onChoose }: NodeProps) {
  const { id, kind, type, name, state, rate, usdPerMonth, x, y } = node;
  const figures = [
    rate !== undefined && perSecond(rate),
    usdPerMonth !== undefined && `${dollars(usdPerMonth)} a month`,
  ].filter(Boolean);
  return (
    <button
      type="button"
      className="map-node"
      data-node={id}
      data-kind={kind}
      aria-pressed={isChosen}
      style={{ insetInlineStart: x, insetBlockStart: y, inlineSize: NODE.width, blockSize: NODE.height }}
      onClick={() => onChoose(id)}
    >
      <span className="map-name">{plain(name)}</span>
      <span className="map-facts">
        <span className="soft">{plain(type)}</span>
        {state !== undefined && <Status of={state} />}
      </span>
      {figures.length > 0 && <span className="map-facts soft">{figures.join(' · ')}</span>}
    </button>
  );
}
