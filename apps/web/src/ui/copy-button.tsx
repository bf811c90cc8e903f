import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { copyText } from './copy-text.ts';

const SHOWN_MS = 1500;

/** @param what is copied, for who cannot see it; the text itself when left out */
export function CopyButton({ text, what = text }: { text: string; what?: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const label = isCopied ? 'Copied' : `Copy ${what}`;
  return (
    <button
      type="button"
      className="copy"
      title={label}
      aria-label={label}
      onClick={() => {
        copyText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      {isCopied ? <Check size={14} /> : <Copy size={14} />}
    </button>
  );
}

export function CommandLine({ command, note }: { command: string; note?: string }) {
  return (
    <div className="command">
      <code>
        {command}
        {note !== undefined && <span className="command-note"> # {note}</span>}
      </code>
      <CopyButton text={command} />
    </div>
  );
}
