/** What is left of a page that could not be drawn: the rest of the console goes on. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { Component, type ReactNode } from 'react';

interface ErrorBoundaryProps {
  /** With another one it is tried anew. */
  address: string;
  children: ReactNode;
}

export class ErrorBoundary extends Component<ErrorBoundaryProps, { error?: Error | undefined }> {
  override state: { error?: Error | undefined } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidUpdate({ address }: ErrorBoundaryProps) {
    if (address !== this.props.address && this.state.error) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // A part of the page that does not come: Berth was updated, or is away.
    const missing = /dynamically imported module|Importing a module|error loading/i.test(error.message);
    return (
      <Alert
        type="error"
        header={missing ? 'A part of the console could not be loaded.' : 'This page could not be shown.'}
        action={<Button onClick={() => location.reload()}>Load the page again</Button>}
      >
        {missing ? 'Berth may have been updated, or the connection is lost.' : error.message}
      </Alert>
    );
  }
}
