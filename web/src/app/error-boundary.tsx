/**
 * What is left of a page that could not be drawn: the rest of the console goes on. A part that did not come is asked
 * for until it is there.
 */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { Component, type ReactNode } from 'react';
import { PartMissing } from './lazy-page.ts';

interface ErrorBoundaryProps {
  /** With another one it is tried anew. */
  address: string;
  /** Nothing is said of it: it is not what the page is about. */
  isQuiet?: boolean;
  children: ReactNode;
}

const RETRY_MS = 2_000;

export class ErrorBoundary extends Component<ErrorBoundaryProps, { error?: Error | undefined }> {
  override state: { error?: Error | undefined } = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidMount() {
    addEventListener('online', this.#retry);
  }

  override componentWillUnmount() {
    removeEventListener('online', this.#retry);
    clearTimeout(this.#timer);
  }

  override componentDidUpdate({ address }: ErrorBoundaryProps, before: { error?: Error | undefined }) {
    const { error } = this.state;
    if (address !== this.props.address && error) this.setState({ error: undefined });
    else if (error !== before.error && error instanceof PartMissing) this.#retryLater();
  }

  #retryLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#retry, RETRY_MS);
  }

  readonly #retry = async (): Promise<void> => {
    const { error } = this.state;
    if (!(error instanceof PartMissing)) return;
    try {
      await error.again();
      if (this.state.error === error) this.setState({ error: undefined });
    } catch {
      if (this.state.error === error) this.#retryLater();
    }
  };

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (this.props.isQuiet) return null;
    const isMissing = error instanceof PartMissing;
    return (
      <Alert
        type={isMissing ? 'warning' : 'error'}
        header={isMissing ? 'A part of the console has not come yet.' : 'This page could not be shown.'}
        action={<Button onClick={() => location.reload()}>Load the page again</Button>}
      >
        {isMissing
          ? 'The connection is lost, or Berth was updated just now. It is tried again by itself.'
          : error.message}
      </Alert>
    );
  }
}
