/** A dialog that does one thing: it stays open, with the reason, while that is refused. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { inWords } from '../../../../client/problem.ts';
import { invalidate } from '../../api/query.ts';
import { danger } from '../danger.ts';
import { plain } from '../plain.ts';

interface ActionDialogProps {
  header: string;
  /** What the button says that does it. */
  act: string;
  /** What it does; the dialog closes when that has succeeded. */
  run(): Promise<void>;
  /** Something goes for good: the button is red. */
  destroys?: boolean;
  size?: 'medium' | 'large';
  /** It can not be done yet. */
  disabled?: boolean;
  onClose(): void;
  children?: ReactNode;
}

export function ActionDialog({
  header,
  act,
  run,
  destroys = false,
  size = 'medium',
  disabled = false,
  onClose,
  children,
}: ActionDialogProps) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    if (busy || disabled) return;
    setBusy(true);
    try {
      await run();
      invalidate();
      onClose();
    } catch (caught) {
      const { what, hint } = inWords(caught);
      setError([what, hint].filter(Boolean).join(' '));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      onDismiss={onClose}
      closeAriaLabel="Close"
      header={header}
      size={size}
      footer={
        <span className="row dialog-actions">
          <Button variant="link" onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            disabled={disabled}
            loading={busy}
            onClick={() => void submit()}
            {...(destroys && { style: danger.filled })}
          >
            {act}
          </Button>
        </span>
      }
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {error !== undefined && <Alert type="error">{plain(error)}</Alert>}
        {children}
        <Submit />
      </form>
    </Modal>
  );
}

/**
 * What Enter presses in a field. It also puts the focus where the form wants it: the browser heeds `autofocus` only while
 * a page is loaded, and the dialog has put the focus on its first button.
 */
function Submit() {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => button.current?.form?.querySelector<HTMLElement>('[autofocus]')?.focus());
    return () => clearTimeout(timer);
  }, []);
  return <button ref={button} type="submit" hidden aria-hidden="true" tabIndex={-1} />;
}
