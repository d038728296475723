/** How many alerts fire of which somebody is to be told. */
import { useFiring } from './read-alerts.ts';

export default function FiringCount({ project }: { project: string }) {
  const { data = [] } = useFiring(project);
  const loud = data.filter(({ silence }) => silence === undefined).length;
  if (loud === 0) return null;
  return (
    <span className="count">
      {loud} <span className="unseen">firing</span>
    </span>
  );
}
