import { useEffect, useState } from 'react';
import { CommandLine } from './copy-button.tsx';
import { usePage, usePageState } from './page.ts';

/** What is wrong and what to do about it, over the map; nothing while all is well. */
export function Banner() {
  const connection = usePageState((state) => state.connection);
  const isLosing = usePageState((state) => state.isLosing);
  if (connection.state === 'connecting') {
    return (
      <section className="banner" aria-label="Connection">
        <h2>Looking for the agent…</h2>
        <p>The page asks the Hopscope agent on this address for the map.</p>
      </section>
    );
  }
  if (connection.state === 'incompatible') {
    return (
      <section className="banner banner-bad" role="alert">
        <h2>Page and agent are of different versions</h2>
        <p>{connection.reason}</p>
        <p>Reload this page to get the one that belongs to the agent.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload
        </button>
      </section>
    );
  }
  if (connection.state === 'reconnecting')
    return <Reconnecting sinceMs={connection.sinceMs} reason={connection.reason} />;
  if (isLosing) {
    return (
      <section className="banner banner-bad banner-small" role="alert">
        <h2>More packets than Hopscope can take in</h2>
        <p>Some are missed, and counted above. Slow the traffic down, or follow one namespace in a terminal:</p>
        <CommandLine command="npx hopscope trace --filter-netns NAME" />
      </section>
    );
  }
  return null;
}

const DEFAULT_PORT = '7070';

/** What starts the agent where this page looks for it. */
function startCommand(isLab: boolean): string {
  const flags = [
    ...(isLab ? ['--lab'] : []),
    ...(location.port === DEFAULT_PORT ? [] : ['--port', location.port || '80']),
  ];
  return ['npm start', ...(flags.length === 0 ? [] : ['--', ...flags])].join(' ');
}

function Reconnecting({ sinceMs, reason }: { sinceMs: number; reason: string }) {
  const { retry } = usePage();
  const isLab = usePageState((state) => state.hello?.lab ?? false);
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - sinceMs) / 1000)), 500);
    return () => clearInterval(timer);
  }, [sinceMs]);
  return (
    <section className="banner banner-bad" aria-label="Connection">
      <h2>The agent does not answer</h2>
      <p>
        {reason === '' ? 'It was stopped, or the connection to it broke.' : `${reason}.`} What you see is from before.
        The page comes back by itself as soon as the agent does{seconds > 0 ? ` (${seconds} s so far)` : ''}. To start
        it:
      </p>
      <CommandLine command={startCommand(isLab)} />
      <button type="button" className="button" onClick={retry}>
        Try now
      </button>
    </section>
  );
}
