import Spinner from '@cloudscape-design/components/spinner';

/** Stands where something is on its way; what comes at once shows nothing of it. */
export const Loading = () => (
  <div className="loading" role="status">
    <Spinner size="large" />
    <span>Loading …</span>
  </div>
);
