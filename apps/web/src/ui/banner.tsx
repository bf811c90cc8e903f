import { useEffect, useMemo, useState } from 'react';
import { isIncident } from '../wire/recording/own-incident.ts';
import { CommandLine } from './copy-button.tsx';
import { usePage, usePageState } from './page.ts';

/** What is wrong and what to do about it, over the map; nothing while all is well. */
export function Banner() {
  const connection = usePageState((state) => state.connection);
  const isLosing = usePageState((state) => state.isLosing);
  const isLoading = usePageState(({ topologyVersion }) => topologyVersion === 0);
  const isEmpty = usePageState(({ topology }) => topology.namespaces.length === 0);
  const isFile = usePageState((state) => state.recording !== null);
  const busiest = useBusiest(isLosing);
  if (isFile) return null;
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
  if (isLoading && isIncident()) {
    return (
      <section className="banner" aria-label="Loading">
        <h2>Opening the recording in this page…</h2>
      </section>
    );
  }
  if (isLoading) {
    return (
      <section className="banner" aria-label="Loading">
        <h2>Reading the interfaces of this machine…</h2>
        <p>The agent goes through every network namespace. A thousand of them take some seconds.</p>
      </section>
    );
  }
  if (isEmpty) {
    return (
      <section className="banner" aria-label="Nothing to draw">
        <h2>No network namespace is known here</h2>
        <p>The map is drawn as soon as the agent finds one. This says what it can read on this machine:</p>
        <CommandLine command="sudo npx hopscope doctor" />
      </section>
    );
  }
  if (isLosing) {
    return (
      <section className="banner banner-bad banner-small" role="alert">
        <h2>More packets than Hopscope can take in</h2>
        <p>Some are missed, and counted above. Slow the traffic down, or follow one namespace in a terminal:</p>
        <CommandLine command={`sudo npx hopscope trace --filter-netns ${busiest ?? 'NAME'}`} />
      </section>
    );
  }
  return null;
}

/** Where most of the latest exchanges began, by a name that a shell takes as it is. */
function useBusiest(isWanted: boolean): string | null {
  const { store, traffic } = usePage();
  return useMemo(() => {
    if (!isWanted) return null;
    const { list, topology } = store.getState();
    const counts = new Map<string, number>();
    for (const id of list.ids.slice(-LATEST)) {
      const netns = traffic.exchange(id)?.request?.crossings[0]?.netns;
      const name = topology.namespaces.find((each) => each.id === netns)?.names[0]?.text;
      if (name !== undefined && /^[\w.-]+$/.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  }, [isWanted, store, traffic]);
}

const LATEST = 200;
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
      <p>
        If it stops at once, it lacks a privilege or something in the kernel. This says which, and what would mend it:
      </p>
      <CommandLine command="sudo npx hopscope doctor" />
      <button type="button" className="button" onClick={retry}>
        Try now
      </button>
    </section>
  );
}
