/** A secret that is shown this once: it stays until it is put away, and is kept nowhere. */
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { Command } from '../command.tsx';

interface ShownOnceProps {
  /** What it is, such as "The token CI". */
  header: string;
  /** Undefined where the answer was a repetition. */
  secret: string | undefined;
  onClose(): void;
}

export function ShownOnce({ header, secret, onClose }: ShownOnceProps) {
  return (
    <Alert type="success" header={header} action={<Button onClick={onClose}>I have copied it</Button>}>
      {secret === undefined ? (
        <p>It was shown before, and is not shown again.</p>
      ) : (
        <>
          <p>Copy it now: it is not shown again.</p>
          <Command text={secret} label="Secret" />
        </>
      )}
    </Alert>
  );
}
