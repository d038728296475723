/** Where the nodes of a graph are drawn: from the left, where requests come in, to the right, where data are. Pure. */
import { Graph as Layout, layout } from '@dagrejs/dagre';
import type { Graph, GraphNode } from './environment-graph.ts';

export const NODE = { width: 216, height: 68 };
const GAP = { ranksep: 56, nodesep: 16, marginx: 2, marginy: 2 };

export interface Placed extends GraphNode {
  /** Of its upper left corner, pixels. */
  x: number;
  y: number;
}

export interface Picture {
  width: number;
  height: number;
  nodes: Placed[];
  /** Paths of SVG. */
  edges: { key: string; from: string; to: string; path: string }[];
}

export function pictureOf({ nodes, edges }: Graph): Picture {
  const drawn = new Layout();
  drawn.setGraph({ rankdir: 'LR', ...GAP });
  drawn.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) drawn.setNode(id, { ...NODE });
  for (const { from, to } of edges) drawn.setEdge(from, to);
  layout(drawn);
  const { width = 0, height = 0 } = drawn.graph() as { width?: number; height?: number };
  const corner = (id: string) => {
    const { x = 0, y = 0 } = drawn.node(id) as { x?: number; y?: number };
    return { x: Math.round(x - NODE.width / 2), y: Math.round(y - NODE.height / 2) };
  };
  const placed = nodes.map((node) => ({ ...node, ...corner(node.id) }));
  const at = new Map(placed.map((node) => [node.id, node]));
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: placed.sort((one, other) => one.x - other.x || one.y - other.y),
    edges: edges.map(({ from, to }) => ({
      key: `${from} ${to}`,
      from,
      to,
      path: curve(at.get(from)!, at.get(to)!),
    })),
  };
}

/** From the middle of the right side of one to the middle of the left side of the other. */
function curve(from: Placed, to: Placed): string {
  const start = { x: from.x + NODE.width, y: from.y + NODE.height / 2 };
  const end = { x: to.x, y: to.y + NODE.height / 2 };
  const middle = (start.x + end.x) / 2;
  return `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${end.x} ${end.y}`;
}

const directions: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The nearest node in the direction of an arrow key. @returns undefined where there is none, or for another key */
export function nodeBeside(nodes: readonly Placed[], id: string, key: string): string | undefined {
  const direction = directions[key];
  const from = nodes.find((node) => node.id === id);
  if (!direction || !from) return undefined;
  const [x, y] = direction;
  const near = nodes.flatMap((node) => {
    const along = (node.x - from.x) * x + (node.y - from.y) * y;
    const aside = Math.abs((node.x - from.x) * y) + Math.abs((node.y - from.y) * x);
    return along > 0 ? [{ id: node.id, far: along + 2 * aside }] : [];
  });
  return near.sort((one, other) => one.far - other.far)[0]?.id;
}
