import { useState } from 'react';
import { Banner } from './banner.tsx';
import { ExchangeLog } from './exchange-log.tsx';
import { Header } from './header.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { useKeys } from './keys.ts';
import { Legend } from './legend.tsx';
import { MapCard } from './map-card.tsx';
import { MapTable } from './map-table.tsx';
import { MapTools } from './map-tools.tsx';
import { MapView } from './map-view.tsx';
import { Notices } from './notices.tsx';
import { usePage, usePageState } from './page.ts';
import { SidePanel } from './side-panel.tsx';
import { TeachingCaption } from './teaching-caption.tsx';
import { TimelineView } from './timeline-view.tsx';
import { ValueMenu } from './value-menu.tsx';

export function App() {
  const [isHelpOpen, setHelpOpen] = useState(false);
  const isRedacted = usePageState((state) => state.isRedacted);
  const time = usePageState(({ moment, isPaused }) => (moment !== null ? 'past' : isPaused ? 'paused' : 'live'));
  const { actions } = usePage();
  useKeys(() => setHelpOpen(true));
  return (
    <div className="page" data-time={time}>
      <button type="button" className="button skip-link" onClick={() => actions.showTable(true)}>
        Show the map as tables
      </button>
      <Header onHelp={() => setHelpOpen(true)} />
      <main className="map" aria-label="Map of the network namespaces and the packets between them">
        <MapView />
        <Banner />
        <TeachingCaption />
        <Notices />
        <Legend />
        <MapTools />
        <MapCard />
      </main>
      <SidePanel key={isRedacted ? 'redacted' : 'plain'} />
      <TimelineView />
      <ExchangeLog key={isRedacted ? 'redacted log' : 'log'} />
      <MapTable />
      <ValueMenu />
      <HelpDialog isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}
