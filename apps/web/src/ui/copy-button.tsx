import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

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

async function copyText(text: string): Promise<void> {
  // Only pages from localhost or https have a clipboard; over plain http to another host it is missing.
  if (navigator.clipboard === undefined) throw new Error('no clipboard');
  await navigator.clipboard.writeText(text);
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
