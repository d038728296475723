/** A command to copy. */
import { useEffect, useState } from 'react';

const COPIED_MS = 2_000;

export function Command({ text, label = 'Command' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="command">
      <pre tabIndex={0} aria-label={label} role="group">
        {text}
      </pre>
      {/* Browsers give the clipboard to secure pages only, localhost among them. */}
      {navigator.clipboard && (
        <button
          type="button"
          className="plain-button"
          onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}
