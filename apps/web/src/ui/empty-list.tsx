import type { Namespace } from '@hopscope/protocol';
import { formatCount, plural } from '../lib/format.ts';
import { CommandLine } from './copy-button.tsx';
import { usePage, usePageState } from './page.ts';

const MAX_TARGETS = 3;

/** Until the first packet: what to run, with this machine's own addresses; with a filter that nothing passes: what it hides. */
export function EmptyList() {
  const isEmpty = usePageState((state) => state.list.ids.length === 0);
  const held = usePageState((state) => state.list.held);
  return isEmpty && held > 0 ? <AllHidden held={held} /> : <NothingYet isEmpty={isEmpty} />;
}

function AllHidden({ held }: { held: number }) {
  const { actions } = usePage();
  const filter = usePageState((state) => state.filter);
  return (
    <section className="empty" aria-label="Nothing to show">
      <h2>No exchange matches the filter</h2>
      <p>
        <code>{filter}</code> hides {held === 1 ? 'the only one' : `all ${formatCount(held)}`} that{' '}
        {held === 1 ? 'is' : 'are'} held. What matches will appear as it comes.
      </p>
      <button type="button" className="button" onClick={() => actions.applyFilter('')}>
        Show {held === 1 ? 'it' : `all ${plural(held, 'exchange')}`}
      </button>
    </section>
  );
}

function NothingYet({ isEmpty }: { isEmpty: boolean }) {
  const isLive = usePageState((state) => state.connection.state === 'live');
  const isLab = usePageState((state) => state.hello?.lab ?? false);
  const namespaces = usePageState((state) => state.topology.namespaces);
  const isBack = usePageState((state) => state.moment !== null);
  if (isEmpty && isBack) return <p className="empty">No exchange in this time.</p>;
  if (!isEmpty || !isLive || namespaces.length === 0) return null;
  return (
    <section className="empty" aria-label="Nothing to show yet">
      <h2>No packet yet</h2>
      {isLab ? (
        <p>The practice host pings by itself; the first packet comes within a second.</p>
      ) : (
        <>
          <p>Pings appear here as they travel. Run one of these in a terminal on this machine:</p>
          {pingTargets(namespaces).map(({ address, name }) => (
            <CommandLine key={address} command={`ping ${address}`} note={name} />
          ))}
          <CommandLine command="ping localhost" />
        </>
      )}
    </section>
  );
}

function pingTargets(namespaces: readonly Namespace[]): { address: string; name: string }[] {
  const targets = namespaces.flatMap((namespace) => {
    if (namespace.host) return [];
    const addresses = namespace.links.flatMap((link) => (link.kind === 'loopback' || !link.up ? [] : link.addresses));
    const address = addresses.find((each) => each.family === 4 && each.scope === 'global')?.address;
    return address === undefined ? [] : [{ address, name: namespace.names[0]?.text ?? '' }];
  });
  const gateway = namespaces.find((each) => each.host)?.defaultRoutes.find((route) => route.family === 4)?.gateway;
  if (targets.length === 0 && gateway !== undefined && gateway !== '')
    targets.push({ address: gateway, name: 'gateway' });
  return targets.slice(0, MAX_TARGETS);
}
