/** How many deployments wait for a second person. */
import { useApprovals } from '../../api/approvals.ts';

export default function Waiting({ project }: { project: string }) {
  const { data = [] } = useApprovals(project);
  if (data.length === 0) return null;
  return (
    <span className="count">
      {data.length} <span className="unseen">waiting</span>
    </span>
  );
}
